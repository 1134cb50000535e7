<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>gatehouse::gui::AdminActions</name>
    <message numerus="yes">
        <source>%1: %n run(s) killed</source>
        <translation>
            <numerusform>%1: %n run killed</numerusform>
            <numerusform>%1: %n runs killed</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 was asked to renew its token (%n connection(s))</source>
        <translation>
            <numerusform>%1 was asked to renew its token (%n connection)</numerusform>
            <numerusform>%1 was asked to renew its token (%n connections)</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Sent to %n member(s) of %1</source>
        <translation>
            <numerusform>Sent to %n member of %1</numerusform>
            <numerusform>Sent to %n members of %1</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::LogStore</name>
    <message numerus="yes">
        <source>%n line(s) missing here</source>
        <translation>
            <numerusform>%n line missing here</numerusform>
            <numerusform>%n lines missing here</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::MainWindow</name>
    <message numerus="yes">
        <source>Next attempt in %n s.</source>
        <translation>
            <numerusform>Next attempt in %n s.</numerusform>
            <numerusform>Next attempt in %n s.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n gap(s) filled</source>
        <translation>
            <numerusform>%n gap filled</numerusform>
            <numerusform>%n gaps filled</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::NodesPage</name>
    <message numerus="yes">
        <source>%n time(s)</source>
        <translation>
            <numerusform>%n time</numerusform>
            <numerusform>%n times</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::OverviewPage</name>
    <message numerus="yes">
        <source>%n offline</source>
        <translation>
            <numerusform>%n offline</numerusform>
            <numerusform>%n offline</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n run(s) active</source>
        <translation>
            <numerusform>%n run active</numerusform>
            <numerusform>%n runs active</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::RoomsPage</name>
    <message numerus="yes">
        <source>%n room(s)</source>
        <translation>
            <numerusform>%n room</numerusform>
            <numerusform>%n rooms</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n member(s)</source>
        <translation>
            <numerusform>%n member</numerusform>
            <numerusform>%n members</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::SendDialog</name>
    <message numerus="yes">
        <source>Everybody in this room gets the message: %n member(s) now.</source>
        <translation>
            <numerusform>Everybody in this room gets the message: %n member now.</numerusform>
            <numerusform>Everybody in this room gets the message: %n members now.</numerusform>
        </translation>
    </message>
</context>
</TS>
