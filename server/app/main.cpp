// SPDX-License-Identifier: Apache-2.0
#include "server/app/configcommands.h"

#include <CLI/CLI.hpp>

#include <iostream>

using namespace gatehouse::app;

namespace {

QString toQt(const std::string& text)
{
    return QString::fromStdString(text);
}

/// Binds options to a QString; CLI11 itself only knows std::string.
CLI::Option* addText(CLI::App& app, const std::string& flags, QString& target, const char* help)
{
    return app.add_option_function<std::string>(
        flags, [&target](const std::string& text) { target = toQt(text); }, help);
}

void addConfigOptions(CLI::App& app, ConfigArguments& arguments)
{
    addText(app, "--config", arguments.file, "Configuration file (TOML)")->type_name("FILE");
    addText(app, "--data", arguments.data, "Data directory")->type_name("DIR");
    app.add_option_function<std::vector<std::string>>(
           "--set",
           [&arguments](const std::vector<std::string>& items) {
               for (const std::string& item : items) {
                   arguments.set.append(toQt(item));
               }
           },
           "Sets any configuration key; may be given more than once")
        ->type_name("SECTION.KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

struct CommandLine
{
    CLI::App app{"Gatehouse: real-time event server", "gatehouse"};
    std::function<ExitCode()> chosen;
    ConfigArguments config;
    QString file;

    CommandLine()
    {
        app.set_version_flag("--version", "gatehouse " GATEHOUSE_VERSION, "Prints the version");
        app.failure_message(CLI::FailureMessage::simple);
        addCheckConfig();
        addConfig();
    }

    CLI::App* add(
        CLI::App& parent, const char* name, const char* help, std::function<ExitCode()> run)
    {
        CLI::App* command = parent.add_subcommand(name, help);
        command->callback([this, run = std::move(run)] { chosen = run; });
        return command;
    }

    void addCheckConfig()
    {
        CLI::App* command
            = add(app, "check-config", "Checks a configuration file; names every mistake",
                [this] { return checkConfig(file); });
        addText(*command, "FILE", file, "Configuration file (TOML)")->required();
    }

    void addConfig()
    {
        CLI::App* command = app.add_subcommand("config", "Shows the configuration");
        command->require_subcommand(1);
        CLI::App* show = add(*command, "show", "What is in force, and where each value comes from",
            [this] { return showConfig(config); });
        addConfigOptions(*show, config);
        add(*command, "defaults", "A sample file with every key at its default", printSampleConfig);
        add(*command, "doc", "The reference page, in Markdown", printConfigReference);
    }
};

} // namespace

int main(int argc, char** argv)
{
    CommandLine line;
    try {
        line.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = line.app.exit(error, std::cout, std::cerr);
        return toInt(code == 0 ? ExitCode::Ok : ExitCode::Usage);
    }
    if (!line.chosen) {
        std::cerr << "A command is required\nRun with --help for more information.\n";
        return toInt(ExitCode::Usage);
    }
    return toInt(line.chosen());
}
