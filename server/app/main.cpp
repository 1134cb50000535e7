// SPDX-License-Identifier: Apache-2.0
#include "server/app/admincommands.h"
#include "server/app/configcommands.h"
#include "server/app/datacommands.h"
#include "server/app/dbcommands.h"
#include "server/app/servecommand.h"
#include "server/app/simulatecommand.h"
#include "server/app/tokencommands.h"

#include <CLI/CLI.hpp>

#include <iostream>

using namespace gatehouse::app;

namespace {

constexpr int longestSeconds = 315'360'000; // ten years

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

/// The same for an option that may be given more than once.
CLI::Option* addTexts(
    CLI::App& app, const std::string& flags, QStringList& target, const char* help)
{
    return app
        .add_option_function<std::vector<std::string>>(
            flags,
            [&target](const std::vector<std::string>& items) {
                for (const std::string& item : items) {
                    target.append(toQt(item));
                }
            },
            help)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void addConfigOptions(CLI::App& app, ConfigArguments& arguments)
{
    addText(app, "--config", arguments.file, "Configuration file (TOML)")->type_name("FILE");
    addText(app, "--data", arguments.data, "Data directory")->type_name("DIR");
    addTexts(app, "--set", arguments.set, "Sets any configuration key; may be given more than once")
        ->type_name("SECTION.KEY=VALUE");
}

/// The commands and where their options go; `chosen` is what the user asked for.
struct CommandLine
{
    CommandLine(int& argcIn, char** argvIn) : argc(argcIn), argv(argvIn)
    {
        app.set_version_flag("--version", "gatehouse " GATEHOUSE_VERSION, "Prints the version");
        app.failure_message(CLI::FailureMessage::simple);
        addServe();
        addImport();
        addExplain();
        addToken();
        addAdmin();
        addSimulate();
        addCheckConfig();
        addConfig();
        addDb();
    }

    CLI::App* add(
        CLI::App& parent, const char* name, const char* help, std::function<ExitCode()> run)
    {
        CLI::App* command = parent.add_subcommand(name, help);
        command->callback([this, run = std::move(run)] { chosen = run; });
        return command;
    }

    CLI::App* addGroup(const char* name, const char* help)
    {
        CLI::App* group = app.add_subcommand(name, help);
        group->require_subcommand(1);
        return group;
    }

    void addServe()
    {
        CLI::App* command = add(app, "serve", "Runs the server until SIGTERM or SIGINT",
            [this] { return serve(argc, argv, config); });
        addConfigOptions(*command, config);
        addText(*command, "--listen", config.listen, "Where to listen; port 0 takes a free one")
            ->type_name("ADDRESS:PORT")
            ->check([](const std::string& text) {
                return ListenAddress::fromText(toQt(text))
                    ? std::string()
                    : "\"" + text + "\" is no address with a port, such as 127.0.0.1:7400";
            });
    }

    void addImport()
    {
        CLI::App* command = add(app, "import",
            "Reads organizations, collaborations, nodes, roles and users from a file",
            [this] { return importFile(argc, argv, file, config); });
        addText(*command, "FILE", file, "Import file (JSON, docs/import-format.md)")->required();
        addConfigOptions(*command, config);
    }

    void addExplain()
    {
        CLI::App* command = add(app, "explain",
            "Says whether a user hears an event or may do something, and why", [this] {
                if (!question.user.isEmpty())
                    return explainDecision(question, config);
                relayQuestion.event = question.event;
                return explainRelayDecision(relayQuestion, config);
            });
        addText(*command, "--event", question.event,
            "An event (new_task, algorithm_log, node-online, …), or kill or create_task; or one of "
            "a profile of the relay")
            ->required();
        CLI::Option* user
            = addText(*command, "--user", question.user, "Federation: name or number of the user");
        CLI::Option* collaboration = addText(
            *command, "--collaboration", question.collaboration, "Federation: its name or number");
        user->needs(collaboration);
        collaboration->needs(user);
        addText(*command, "--token", relayQuestion.token,
            "Relay: the token, or - to read it from stdin; without one, nobody is asked about")
            ->excludes(user);
        addText(*command, "--room", relayQuestion.room, "Relay: a room, such as guild_42")
            ->excludes(user);
        addTexts(*command, "--assume", relayQuestion.assumed,
            "Relay: what the bus would say: member, admin, names of bits")
            ->excludes(user);
        addConfigOptions(*command, config);
    }

    void addToken()
    {
        CLI::App* group = addGroup("token", "Makes and examines tokens");
        CLI::App* mintCommand = add(*group, "mint", "Prints a new token, and nothing else", [this] {
            mint.config = config;
            return mintToken(mint);
        });
        addText(*mintCommand, "--kind", mint.kind, "Whom it speaks for")
            ->type_name("user|node|service|admin")
            ->required();
        mintCommand->add_option("--id", mint.id, "Number of that user, node, …")->required();
        mintCommand->add_option("--ttl", mint.ttlSeconds, "Seconds it is good for")
            ->check(CLI::Range(1, longestSeconds));
        addText(*mintCommand, "--name", mint.name, "Name of an administrator or service")
            ->type_name("TEXT");
        addConfigOptions(*mintCommand, config);

        CLI::App* inspect = add(*group, "inspect", "Shows what a token says, true or not",
            [this] { return inspectToken(token); });
        addText(*inspect, "TOKEN", token, "The token, or - to read it from stdin")->required();

        CLI::App* verify = add(*group, "verify", "Checks a token as the server would",
            [this] { return verifyToken(token, config); });
        addText(*verify, "TOKEN", token, "The token, or - to read it from stdin")->required();
        addConfigOptions(*verify, config);
    }

    void addAdmin()
    {
        CLI::App* group = addGroup("admin", "Accounts of the console");
        CLI::App* create = add(*group, "create",
            "Makes an administrator; asks for the password, or reads it from stdin",
            [this] { return createAdmin(argc, argv, admin, config); });
        addText(*create, "NAME", admin.name, "Name to log in with")->required();
        CLI::App* passwd = add(*group, "passwd",
            "Gives an administrator another password; connections and tokens of the old one end",
            [this] { return changeAdminPassword(argc, argv, admin, config); });
        addText(*passwd, "NAME", admin.name, "Whose password it is")->required();
        for (CLI::App* command : {create, passwd}) {
            command->add_flag(
                "--generate", admin.generate, "Make a password and print it once, to stdout");
        }
        CLI::App* remove
            = add(*group, "remove", "Removes an administrator; its connections and tokens end",
                [this] { return removeAdmin(argc, argv, admin, config); });
        addText(*remove, "NAME", admin.name, "Who goes")->required();
        remove->add_flag("--force", admin.force,
            "Also the last one; the next start then makes the account \"admin\" anew");
        CLI::App* list = add(*group, "list", "Lists the administrators: id, name, when it was made",
            [this] { return listAdmins(argc, argv, config); });
        for (CLI::App* command : {create, passwd, remove, list}) {
            addConfigOptions(*command, config);
        }
    }

    void addDb()
    {
        CLI::App* group = addGroup("db", "The database, by hand");
        CLI::App* migrate = add(*group, "migrate", "Brings the schema to this program's version",
            [this] { return migrateDatabase(argc, argv, config); });
        CLI::App* status = add(*group, "status", "Shows where it is and how much is in it",
            [this] { return showDatabase(argc, argv, config); });
        CLI::App* check = add(*group, "check", "Reads all of it and says what is wrong",
            [this] { return checkDatabase(argc, argv, config); });
        CLI::App* backup = add(*group, "backup", "Writes a copy of one moment to a new file",
            [this] { return backUpDatabase(argc, argv, file, config); });
        addText(*backup, "FILE", file, "The copy; must not exist yet")->required();
        for (CLI::App* command : {migrate, status, check, backup}) {
            addConfigOptions(*command, config);
        }
    }

    void addSimulate()
    {
        CLI::App* command
            = add(app, "simulate", "Plays data stations and researchers against a running server",
                [this] { return simulate(argc, argv, simulated); });
        addText(*command, "--server", simulated.server, "Where the server is")
            ->type_name("URL")
            ->capture_default_str();
        addText(*command, "--identities", simulated.identities,
            "Import file with API keys and passwords; the demo set when left out")
            ->type_name("FILE");
        addText(*command, "--make-identities", simulated.made,
            "Writes such a file for that many nodes and users, to be imported first, and ends")
            ->type_name("FILE");
        command->add_option("--nodes", simulated.nodes, "Data stations")
            ->check(CLI::Range(0, 100'000))
            ->capture_default_str();
        command->add_option("--users", simulated.users, "Researchers")
            ->check(CLI::Range(0, 100'000))
            ->capture_default_str();
        command->add_option("--tasks-per-minute", simulated.tasksPerMinute, "New tasks")
            ->check(CLI::Range(0.0, 60'000.0))
            ->capture_default_str();
        command->add_option("--for", simulated.seconds, "Ends by itself after so many seconds")
            ->check(CLI::Range(1, longestSeconds));
        command->add_flag(
            "--chaos", simulated.chaos, "Connections flap, runs fail, tasks are killed");
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
        CLI::App* group = addGroup("config", "Shows the configuration");
        CLI::App* show = add(*group, "show", "What is in force, and where each value comes from",
            [this] { return showConfig(config); });
        addConfigOptions(*show, config);
        add(*group, "defaults", "A sample file with every key at its default", printSampleConfig);
        add(*group, "doc", "The reference page, in Markdown", printConfigReference);
    }

    int& argc;
    char** argv;
    CLI::App app{"Gatehouse: real-time event server", "gatehouse"};
    std::function<ExitCode()> chosen;
    ConfigArguments config;
    ExplainArguments question;
    RelayQuestion relayQuestion;
    MintArguments mint;
    SimulateArguments simulated;
    QString file;
    AdminArguments admin;
    QString token;
};

} // namespace

int main(int argc, char** argv)
{
    CommandLine line(argc, argv);
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
