// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configcommands.h"

// Accounts of the console, by hand: in the database of the data directory, whether a server has it
// open or not. A running one reads them again, and ends the connections of an account that is gone
// or has another password.
namespace gatehouse::app {

/// Where the new password of an administrator comes from. Never from the command line, where every
/// process of the machine could read it.
enum class PasswordSource : quint8 {
    Ask, ///< a prompt on the terminal, else the first line of stdin
    Generate, ///< made here and printed once
};

struct AdminArguments
{
    QString name;
    bool generate = false; ///< PasswordSource::Generate
    bool force = false; ///< the last one may go

    PasswordSource source() const
    {
        return generate ? PasswordSource::Generate : PasswordSource::Ask;
    }
};

ExitCode createAdmin(
    int& argc, char** argv, const AdminArguments& admin, const ConfigArguments& arguments);
ExitCode changeAdminPassword(
    int& argc, char** argv, const AdminArguments& admin, const ConfigArguments& arguments);
ExitCode removeAdmin(
    int& argc, char** argv, const AdminArguments& admin, const ConfigArguments& arguments);
/// One a line: id, name, when it was made; tabs between.
ExitCode listAdmins(int& argc, char** argv, const ConfigArguments& arguments);

} // namespace gatehouse::app
