// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configuration.h"
#include "server/app/exitcode.h"

#include <functional>
#include <memory>

namespace gatehouse::bus {
class Bus;
}
namespace gatehouse::observe {
class LiveLog;
class LogSink;
} // namespace gatehouse::observe

namespace gatehouse::app {

/// Why the server does not start: one clear line and the exit code that goes with it.
struct StartFailure
{
    ExitCode code = ExitCode::Failed;
    QString text;
};

template <class T>
using Start = tl::expected<T, StartFailure>;

/// Everything that serves, made in the order of its needs and taken down in the reverse one. Made
/// and used in the network thread, whose event loop must run for it to do anything.
class Composition
{
public:
    /// Opens the database, loads the directory, the keys and the open runs; binds nothing yet.
    /// Blocks. `log`, `liveLog` and `clock` outlive it.
    static Start<std::unique_ptr<Composition>> build(const Configuration& configuration,
        const observe::LogSink& log, observe::LiveLog& liveLog, const Clock& clock);
    ~Composition();
    Q_DISABLE_COPY_MOVE(Composition)

    Start<void> listen();
    /// "clients ws://127.0.0.1:12345/": where those on plain WebSockets come in.
    QStringList listenerLines() const;
    QString url() const; ///< "http://127.0.0.1:7400"; where it really listens

    /// No new clients; the open sessions are closed, spread over the configured time. `finished` is
    /// called when the last one is gone and every HTTP request under way is answered.
    void drain(std::function<void()> finished);

    Result<void> reloadTls();

    /// Reads the files of token keys again; without effect when one of them is not good. Sessions
    /// whose token no key of now has signed end.
    Result<void> reloadKeys();

    /// Reads who exists and who may do what again; rooms follow at once, each change is audited.
    void reloadDirectory();

    /// Where services and clients meet: tests play services on it.
    bus::Bus& bus();

    /// One line for the log: what is served, to whom.
    QString banner() const;

private:
    struct Parts;
    explicit Composition(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> d;
};

} // namespace gatehouse::app
