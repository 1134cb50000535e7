// SPDX-License-Identifier: Apache-2.0
// A private RabbitMQ for tests that are no C++: says {"url":…} once it takes connections and goes
// away with its input. A line of input is what to do to it: kill, freeze, thaw, start, stop;
// answered {"done":…}. Exit code 77: RabbitMQ is not installed.
#include "tests/support/rabbitbroker.h"

#include <QCoreApplication>

#include <cstdio>
#include <iostream>
#include <string>

using gatehouse::test::RabbitBroker;

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    if (!RabbitBroker::isInstalled()) {
        std::fprintf(stderr, "%s\n", qPrintable(RabbitBroker::missing()));
        return 77;
    }
    RabbitBroker broker;
    if (!broker.start()) {
        std::fprintf(stderr, "%s\n", qPrintable(broker.log()));
        return 1;
    }
    std::printf("{\"url\":\"%s\"}\n", qPrintable(broker.url()));
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        bool isDone = true;
        if (line == "kill")
            broker.kill();
        else if (line == "freeze")
            broker.freeze();
        else if (line == "thaw")
            broker.thaw();
        else if (line == "start")
            isDone = broker.start();
        else if (line == "stop")
            isDone = broker.stop();
        else
            isDone = false;
        std::printf("{\"done\":%s}\n", isDone ? "true" : "false");
        std::fflush(stdout);
    }
    return 0;
}
