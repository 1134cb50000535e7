// SPDX-License-Identifier: Apache-2.0
// Feeds a target the committed corpus, and then a bounded number of altered copies of it, the same
// ones in every run:
//   fuzz_TARGET [--rounds N] [--seconds N] FILE_OR_FOLDER...
// For compilers without libFuzzer. An input that breaks a property is written to
// broken-input.bin in the working directory.
#include "tests/fuzz/target.h"

#include <QDir>
#include <QDirIterator>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <random>
#include <vector>

using namespace gatehouse;

namespace {

constexpr qsizetype MaxInputBytes = 64 * 1024;

/// The input under test, for the signal handler.
QByteArrayView current;

/// On the way down anyway: the file is worth more than signal safety.
void keepInput(int signal)
{
    std::signal(signal, SIG_DFL);
    QFile file(QStringLiteral("broken-input.bin"));
    if (file.open(QIODevice::WriteOnly))
        file.write(current.data(), current.size());
    file.close();
    std::fprintf(stderr, "the input is in broken-input.bin\n");
    std::raise(signal);
}

void feed(const QByteArray& input)
{
    // An allocation of exactly this size, so that a sanitizer sees a step behind its end.
    const std::vector<char> exact(input.begin(), input.end());
    current = {exact.data(), qsizetype(exact.size())};
    fuzz::checkInput(current);
}

QByteArray contentsOf(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        qFatal("cannot read %s", qPrintable(path));
    return file.readAll();
}

std::vector<QByteArray> readInputs(const QString& path)
{
    if (!QFileInfo(path).isDir())
        return {contentsOf(path)};
    QStringList names = QDir(path).entryList(QDir::Files, QDir::Name);
    std::vector<QByteArray> inputs;
    for (const QString& name : std::as_const(names))
        inputs.push_back(contentsOf(path + u'/' + name));
    return inputs;
}

/// Alters inputs by small steps a parser may stumble over.
class Mutator
{
public:
    explicit Mutator(const std::vector<QByteArray>& corpus) : m_corpus(corpus) { }

    QByteArray next()
    {
        QByteArray input = m_corpus[below(m_corpus.size())];
        for (size_t steps = 1 + below(4); steps > 0; --steps)
            alter(input);
        input.truncate(MaxInputBytes);
        return input;
    }

private:
    size_t below(size_t bound) { return bound == 0 ? 0 : m_random() % bound; }
    qsizetype place(const QByteArray& input) { return qsizetype(below(size_t(input.size()) + 1)); }

    QByteArray slice(const QByteArray& input)
    {
        return input.mid(place(input), qsizetype(1 + below(32)));
    }

    void alter(QByteArray& input)
    {
        static constexpr std::array<uchar, 16> Telling{
            0, 1, 9, 10, 13, 0x1e, '"', '\\', ',', '0', '[', '}', 0x7f, 0x80, 0xc3, 0xff};
        const qsizetype at = place(input);
        switch (below(6)) {
        case 0:
            if (at < input.size())
                input[at] = char(uchar(input[at]) ^ uchar(1U << below(8)));
            break;
        case 1:
            if (at < input.size())
                input[at] = char(Telling[below(Telling.size())]);
            break;
        case 2:
            input.insert(at, char(Telling[below(Telling.size())]));
            break;
        case 3:
            input.remove(at, qsizetype(1 + below(16)));
            break;
        case 4:
            input.insert(at, slice(input));
            break;
        default:
            input.insert(at, slice(m_corpus[below(m_corpus.size())]));
        }
    }

    const std::vector<QByteArray>& m_corpus;
    std::mt19937 m_random; // NOLINT(bugprone-random-generator-seed): the same inputs in every run
};

} // namespace

int main(int argc, char* argv[])
{
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
        std::signal(signal, keepInput);
    int rounds = 0;
    qint64 seconds = 60;
    std::vector<QByteArray> corpus;
    for (int i = 1; i < argc; ++i) {
        const QByteArrayView word(argv[i]);
        if (word == "--rounds" && i + 1 < argc)
            rounds = QByteArray(argv[++i]).toInt();
        else if (word == "--seconds" && i + 1 < argc)
            seconds = QByteArray(argv[++i]).toInt();
        else
            std::ranges::copy(readInputs(QString::fromLocal8Bit(argv[i])), back_inserter(corpus));
    }
    if (corpus.empty()) {
        std::fprintf(stderr, "no input: fuzz_TARGET [--rounds N] [--seconds N] FOLDER\n");
        return 2;
    }
    for (const QByteArray& input : corpus)
        feed(input);
    Mutator mutator(corpus);
    QElapsedTimer clock;
    clock.start();
    int round = 0;
    while (round < rounds && clock.elapsed() < seconds * 1'000) {
        feed(mutator.next());
        ++round;
    }
    std::printf("%zu inputs and %d altered ones\n", corpus.size(), round);
    return 0;
}
