// SPDX-License-Identifier: Apache-2.0
#include "server/transport/tlscontext.h"

#include <QFile>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <csignal>

namespace gatehouse::transport {

namespace {

constexpr std::array<unsigned char, 9> Http11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr std::array<unsigned char, 9> TicketScope{'g', 'a', 't', 'e', 'h', 'o', 'u', 's', 'e'};

/// ALPN (RFC 7301): ours if it is offered; else the handshake goes on without, as with Qt.
int chooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosenSize,
    const unsigned char* offered, unsigned int offeredSize, void*)
{
    unsigned char* match = nullptr;
    if (SSL_select_next_proto(
            &match, chosenSize, Http11.data(), Http11.size(), offered, offeredSize)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

tl::unexpected<Error> unusable(const QString& file)
{
    const char* const why = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return failure(ErrorCode::BadRequest,
        QStringLiteral("cannot use %1: %2").arg(file, QLatin1StringView(why ? why : "refused")));
}

} // namespace

Result<TlsContextPtr> makeTlsContext(const TlsOptions& options)
{
    ERR_clear_error();
    const TlsContextPtr context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX* const raw = context.get();
    ::signal(SIGPIPE, SIG_IGN); // OpenSSL writes with write(), which knows no MSG_NOSIGNAL
    if (!raw)
        return unusable(QStringLiteral("TLS"));
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_options(
        raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(raw,
        SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
            | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Nothing is kept here for those who may come back: tickets carry it.
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(raw, TicketScope.data(), TicketScope.size());
    SSL_CTX_set_num_tickets(raw, 1);
    SSL_CTX_set_alpn_select_cb(raw, chooseProtocol, nullptr);
    if (SSL_CTX_use_certificate_chain_file(
            raw, QFile::encodeName(options.certificateFile).constData())
        != 1)
        return unusable(options.certificateFile);
    if (SSL_CTX_use_PrivateKey_file(
            raw, QFile::encodeName(options.keyFile).constData(), SSL_FILETYPE_PEM)
        != 1)
        return unusable(options.keyFile);
    return context;
}

} // namespace gatehouse::transport
