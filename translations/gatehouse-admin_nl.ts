<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="nl" sourcelanguage="en">
<context>
    <name>Format</name>
    <message>
        <source>%1 d</source>
        <comment>days, short</comment>
        <translation>%1 d</translation>
    </message>
    <message>
        <source>%1 h</source>
        <comment>hours, short</comment>
        <translation>%1 u</translation>
    </message>
    <message>
        <source>%1 min</source>
        <comment>minutes, short</comment>
        <translation>%1 min</translation>
    </message>
    <message>
        <source>%1 s</source>
        <comment>seconds, short</comment>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1 ms</source>
        <comment>milliseconds, short</comment>
        <translation>%1 ms</translation>
    </message>
    <message>
        <source>now</source>
        <comment>less than a second ago</comment>
        <translation>nu</translation>
    </message>
    <message>
        <source>%1 kB</source>
        <translation>%1 kB</translation>
    </message>
    <message>
        <source>%1 MB</source>
        <translation>%1 MB</translation>
    </message>
    <message>
        <source>%1 GB</source>
        <translation>%1 GB</translation>
    </message>
    <message>
        <source>%1 B</source>
        <translation>%1 B</translation>
    </message>
</context>
<context>
    <name>Words</name>
    <message>
        <source>User</source>
        <translation>Gebruiker</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Node</translation>
    </message>
    <message>
        <source>Service</source>
        <translation>Dienst</translation>
    </message>
    <message>
        <source>Admin</source>
        <translation>Beheerder</translation>
    </message>
    <message>
        <source>Anonymous</source>
        <translation>Anoniem</translation>
    </message>
    <message>
        <source>pending</source>
        <comment>task status</comment>
        <translation>wachtend</translation>
    </message>
    <message>
        <source>initializing</source>
        <comment>task status</comment>
        <translation>wordt gestart</translation>
    </message>
    <message>
        <source>active</source>
        <comment>task status</comment>
        <translation>actief</translation>
    </message>
    <message>
        <source>completed</source>
        <comment>task status</comment>
        <translation>voltooid</translation>
    </message>
    <message>
        <source>failed</source>
        <comment>task status</comment>
        <translation>mislukt</translation>
    </message>
    <message>
        <source>start failed</source>
        <comment>task status</comment>
        <translation>start mislukt</translation>
    </message>
    <message>
        <source>crashed</source>
        <comment>task status</comment>
        <translation>gecrasht</translation>
    </message>
    <message>
        <source>killed by user</source>
        <comment>task status</comment>
        <translation>door gebruiker gestopt</translation>
    </message>
    <message>
        <source>not allowed</source>
        <comment>task status</comment>
        <translation>niet toegestaan</translation>
    </message>
    <message>
        <source>image not found</source>
        <comment>task status</comment>
        <translation>image niet gevonden</translation>
    </message>
    <message>
        <source>unknown error</source>
        <comment>task status</comment>
        <translation>onbekende fout</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::AdminActions</name>
    <message>
        <source>name or password is wrong</source>
        <translation>naam of wachtwoord klopt niet</translation>
    </message>
    <message>
        <source>no token was given</source>
        <translation>er is geen token meegegeven</translation>
    </message>
    <message>
        <source>the token is not valid here</source>
        <translation>het token is hier niet geldig</translation>
    </message>
    <message>
        <source>the token has expired</source>
        <translation>het token is verlopen</translation>
    </message>
    <message>
        <source>an admin account is needed</source>
        <translation>er is een beheerdersaccount nodig</translation>
    </message>
    <message>
        <source>it does not exist any more</source>
        <translation>het bestaat niet meer</translation>
    </message>
    <message>
        <source>its state does not allow that</source>
        <translation>de toestand staat dat niet toe</translation>
    </message>
    <message>
        <source>too many attempts, wait a moment</source>
        <translation>te veel pogingen, wacht even</translation>
    </message>
    <message>
        <source>no answer in time</source>
        <translation>geen antwoord binnen de tijd</translation>
    </message>
    <message>
        <source>the server is shutting down</source>
        <translation>de server wordt afgesloten</translation>
    </message>
    <message>
        <source>not connected</source>
        <translation>niet verbonden</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <extracomment>%1 is what failed (&quot;Task 42 was not killed&quot;), %2 is why</extracomment>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>Disconnect client</source>
        <translation>Client verbreken</translation>
    </message>
    <message>
        <source>Its connection is closed at once. A client with a valid token may come back by itself.
Session %1</source>
        <translation>De verbinding wordt meteen gesloten. Een client met een geldig token kan vanzelf terugkomen.
Sessie %1</translation>
    </message>
    <message>
        <source>Disconnect</source>
        <translation>Verbreken</translation>
    </message>
    <message>
        <source>Disconnecting %1…</source>
        <translation>Verbinding met %1 wordt verbroken…</translation>
    </message>
    <message>
        <source>%1 was not disconnected</source>
        <translation>De verbinding met %1 is niet verbroken</translation>
    </message>
    <message>
        <source>%1 was disconnected</source>
        <translation>De verbinding met %1 is verbroken</translation>
    </message>
    <message>
        <source>Task %1</source>
        <translation>Taak %1</translation>
    </message>
    <message>
        <source>%1 (task %2)</source>
        <translation>%1 (taak %2)</translation>
    </message>
    <message>
        <source>The nodes are told to stop this task. Its results are lost.</source>
        <translation>De nodes krijgen opdracht deze taak te stoppen. De resultaten gaan verloren.</translation>
    </message>
    <message>
        <source>Kill task</source>
        <translation>Taak stoppen</translation>
    </message>
    <message>
        <source>Kill</source>
        <translation>Stoppen</translation>
    </message>
    <message>
        <source>Killing %1…</source>
        <translation>%1 wordt gestopt…</translation>
    </message>
    <message>
        <source>%1 was not killed</source>
        <translation>%1 is niet gestopt</translation>
    </message>
    <message numerus="yes">
        <source>%1: %n run(s) killed</source>
        <translation>
            <numerusform>%1: %n run gestopt</numerusform>
            <numerusform>%1: %n runs gestopt</numerusform>
        </translation>
    </message>
    <message>
        <source>Renew token</source>
        <translation>Token vernieuwen</translation>
    </message>
    <message>
        <source>The node is told that its token has expired. It signs in again and reconnects within seconds; running tasks go on.</source>
        <translation>De node krijgt te horen dat zijn token is verlopen. Hij meldt zich opnieuw aan en is binnen seconden weer verbonden; lopende taken gaan door.</translation>
    </message>
    <message>
        <source>Asking %1 to renew its token…</source>
        <translation>%1 wordt gevraagd het token te vernieuwen…</translation>
    </message>
    <message>
        <source>%1 was not asked</source>
        <translation>%1 is niet gevraagd</translation>
    </message>
    <message numerus="yes">
        <source>%1 was asked to renew its token (%n connection(s))</source>
        <translation>
            <numerusform>%1 is gevraagd het token te vernieuwen (%n verbinding)</numerusform>
            <numerusform>%1 is gevraagd het token te vernieuwen (%n verbindingen)</numerusform>
        </translation>
    </message>
    <message>
        <source>Pinging %1…</source>
        <translation>%1 wordt gepingd…</translation>
    </message>
    <message>
        <source>%1 did not answer</source>
        <translation>%1 heeft niet geantwoord</translation>
    </message>
    <message>
        <source>%1 answered after %2 ms</source>
        <translation>%1 antwoordde na %2 ms</translation>
    </message>
    <message>
        <source>Sending to %1…</source>
        <translation>Bericht aan %1 wordt verzonden…</translation>
    </message>
    <message>
        <source>Nothing was sent to %1</source>
        <translation>Er is niets naar %1 verzonden</translation>
    </message>
    <message numerus="yes">
        <source>Sent to %n member(s) of %1</source>
        <translation>
            <numerusform>Verzonden naar %n lid van %1</numerusform>
            <numerusform>Verzonden naar %n leden van %1</numerusform>
        </translation>
    </message>
    <message>
        <source>the server says “%1”</source>
        <translation>de server zegt “%1”</translation>
    </message>
    <message>
        <source>the connection was cut</source>
        <translation>de verbinding is verbroken</translation>
    </message>
    <message>
        <source>the server fell silent</source>
        <translation>de server reageert niet meer</translation>
    </message>
    <message>
        <source>the server ended the session</source>
        <translation>de server heeft de sessie beëindigd</translation>
    </message>
    <message>
        <source>disconnected by hand</source>
        <translation>met de hand verbroken</translation>
    </message>
    <message>
        <source>the node is offline</source>
        <translation>de node is offline</translation>
    </message>
    <message>
        <source>Ping node</source>
        <translation>Node pingen</translation>
    </message>
    <message>
        <source>A ping goes out over each of its connections, and the time until the answer is shown. The node&apos;s work is not touched.</source>
        <translation>Over elk van zijn verbindingen gaat een ping uit, en de tijd tot het antwoord wordt getoond. Het werk van de node blijft ongemoeid.</translation>
    </message>
    <message>
        <source>Ping</source>
        <translation>Pingen</translation>
    </message>
    <message>
        <source>Take login away</source>
        <translation>Aanmelding intrekken</translation>
    </message>
    <message>
        <source>Its token is refused from now on, by every server on the bus and whoever shows it. The connection stays, without what the login gave.
Session %1</source>
        <translation>Het token wordt vanaf nu geweigerd, door elke server op de bus en wie het ook toont. De verbinding blijft, zonder wat de aanmelding gaf.
Sessie %1</translation>
    </message>
    <message>
        <source>Taking the login of %1 away…</source>
        <translation>Aanmelding van %1 intrekken…</translation>
    </message>
    <message>
        <source>%1 keeps its login</source>
        <translation>%1 houdt zijn aanmelding</translation>
    </message>
    <message>
        <source>%1 has no login any more</source>
        <translation>%1 is niet meer aangemeld</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ClientsModel</name>
    <message>
        <source>Client</source>
        <translation>Client</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Soort</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adres</translation>
    </message>
    <message>
        <source>Transport</source>
        <translation>Transport</translation>
    </message>
    <message>
        <source>Connected</source>
        <translation>Verbonden</translation>
    </message>
    <message>
        <source>Rooms</source>
        <translation>Kamers</translation>
    </message>
    <message>
        <source>In</source>
        <comment>packets received</comment>
        <translation>In</translation>
    </message>
    <message>
        <source>Out</source>
        <comment>packets sent</comment>
        <translation>Uit</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>Verzonden</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>Wachtrij</translation>
    </message>
    <message>
        <source>Session</source>
        <translation>Sessie</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ClientsPage</name>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>Users</source>
        <translation>Gebruikers</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>Nodes</translation>
    </message>
    <message>
        <source>Others</source>
        <translation>Overige</translation>
    </message>
    <message>
        <source>Nobody is connected</source>
        <translation>Niemand is verbonden</translation>
    </message>
    <message>
        <source>Clients appear here the moment their session opens.</source>
        <translation>Clients verschijnen hier zodra hun sessie opengaat.</translation>
    </message>
    <message>
        <source>Disconnect…</source>
        <translation>Verbreken…</translation>
    </message>
    <message>
        <source>Close this client&apos;s connection</source>
        <translation>Sluit de verbinding van deze client</translation>
    </message>
    <message>
        <source>Connection</source>
        <translation>Verbinding</translation>
    </message>
    <message>
        <source>Connected</source>
        <translation>Verbonden</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adres</translation>
    </message>
    <message>
        <source>User agent</source>
        <translation>User agent</translation>
    </message>
    <message>
        <source>Token ends</source>
        <translation>Token verloopt</translation>
    </message>
    <message>
        <source>no token</source>
        <translation>geen token</translation>
    </message>
    <message>
        <source>Session</source>
        <translation>Sessie</translation>
    </message>
    <message>
        <source>Traffic</source>
        <translation>Verkeer</translation>
    </message>
    <message>
        <source>Packets in</source>
        <translation>Pakketten in</translation>
    </message>
    <message>
        <source>Packets out</source>
        <translation>Pakketten uit</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>Ontvangen</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>Verzonden</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>Wachtrij</translation>
    </message>
    <message>
        <source>Socket</source>
        <translation>Socket</translation>
    </message>
    <message>
        <source>Rooms</source>
        <translation>Kamers</translation>
    </message>
    <message>
        <source>none</source>
        <translation>geen</translation>
    </message>
    <message>
        <source>Namespace %1</source>
        <translation>Namespace %1</translation>
    </message>
    <message>
        <source>Select a client to see its connection, traffic and rooms.</source>
        <translation>Kies een client om verbinding, verkeer en kamers te zien.</translation>
    </message>
    <message>
        <source>Clients</source>
        <translation>Clients</translation>
    </message>
    <message>
        <source>Take login away…</source>
        <translation>Aanmelding intrekken…</translation>
    </message>
    <message>
        <source>Refuse this client&apos;s token from now on</source>
        <translation>Het token van deze client vanaf nu weigeren</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ConfirmDialog</name>
    <message>
        <source>Why? This is kept in the audit log.</source>
        <translation>Waarom? Dit wordt in het auditlog bewaard.</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>Reden</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuleren</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ConnectionDialog</name>
    <message>
        <source>Connect to a server</source>
        <translation>Met een server verbinden</translation>
    </message>
    <message>
        <source>Saved servers</source>
        <translation>Bewaarde servers</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Nieuw</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Verwijderen</translation>
    </message>
    <message>
        <source>For example: Production</source>
        <translation>Bijvoorbeeld: Productie</translation>
    </message>
    <message>
        <source>Name and password</source>
        <translation>Naam en wachtwoord</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Keep it in the desktop&apos;s keyring</source>
        <translation>In de sleutelbos van de desktop bewaren</translation>
    </message>
    <message>
        <source>Otherwise it is used for this run only and never written down</source>
        <translation>Anders wordt het alleen deze keer gebruikt en nergens opgeschreven</translation>
    </message>
    <message>
        <source>Connect</source>
        <translation>Verbinden</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuleren</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Naam</translation>
    </message>
    <message>
        <source>Title</source>
        <translation>Titel</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>Server</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>Kleur</translation>
    </message>
    <message>
        <source>Sign in with</source>
        <translation>Aanmelden met</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>Wachtwoord</translation>
    </message>
    <message>
        <source>This desktop has no keyring, so nothing was written. Connect again to use the secret for this run only.</source>
        <translation>Deze desktop heeft geen sleutelbos, dus er is niets bewaard. Verbind nogmaals om het geheim alleen deze keer te gebruiken.</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::FilterField</name>
    <message>
        <source>Clear</source>
        <translation>Wissen</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ItemPage</name>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>Fit columns</source>
        <translation>Kolommen passend maken</translation>
    </message>
    <message>
        <source>Nothing matches</source>
        <translation>Niets gevonden</translation>
    </message>
    <message>
        <source>No row has all the words of the filter.</source>
        <translation>Geen enkele rij bevat alle woorden van het filter.</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>rows shown of all rows</comment>
        <translation>%1 van %2</translation>
    </message>
    <message>
        <source>Copy cell</source>
        <translation>Cel kopiëren</translation>
    </message>
    <message>
        <source>Copy row</source>
        <translation>Rij kopiëren</translation>
    </message>
    <message>
        <source>%1 (just now)</source>
        <comment>moment</comment>
        <translation>%1 (zojuist)</translation>
    </message>
    <message>
        <source>%1 (%2 ago)</source>
        <comment>moment and how long ago</comment>
        <translation>%1 (%2 geleden)</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::LogPage</name>
    <message>
        <source>Follow</source>
        <translation>Volgen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pauze</translation>
    </message>
    <message>
        <source>Lowest level</source>
        <translation>Laagste niveau</translation>
    </message>
    <message>
        <source>All levels</source>
        <translation>Alle niveaus</translation>
    </message>
    <message>
        <source>Info and up</source>
        <translation>Info en hoger</translation>
    </message>
    <message>
        <source>Warnings and up</source>
        <translation>Waarschuwingen en hoger</translation>
    </message>
    <message>
        <source>Errors and up</source>
        <translation>Fouten en hoger</translation>
    </message>
    <message>
        <source>Critical only</source>
        <translation>Alleen kritiek</translation>
    </message>
    <message>
        <source>Filter, or task:42 node:3</source>
        <translation>Filter, of task:42 node:3</translation>
    </message>
    <message>
        <source>Read the filter as a regular expression</source>
        <translation>Het filter als reguliere expressie lezen</translation>
    </message>
    <message>
        <source>Highlight</source>
        <translation>Markeren</translation>
    </message>
    <message>
        <source>Marks without hiding; Enter goes to the match before</source>
        <translation>Markeert zonder te verbergen; Enter gaat naar de vorige treffer</translation>
    </message>
    <message>
        <source>Stop and go on (Space)</source>
        <translation>Stilzetten en verdergaan (spatie)</translation>
    </message>
    <message>
        <source>Copy the selected lines</source>
        <translation>De gekozen regels kopiëren</translation>
    </message>
    <message>
        <source>Export the lines shown to a file</source>
        <translation>De getoonde regels naar een bestand schrijven</translation>
    </message>
    <message>
        <source>No log lines yet</source>
        <translation>Nog geen logregels</translation>
    </message>
    <message>
        <source>Lines appear as the server writes them.</source>
        <translation>Regels verschijnen zodra de server ze schrijft.</translation>
    </message>
    <message>
        <source>No line matches</source>
        <translation>Geen regel voldoet</translation>
    </message>
    <message>
        <source>New lines that match will appear here.</source>
        <translation>Nieuwe regels die voldoen verschijnen hier.</translation>
    </message>
    <message>
        <source>%1 lines</source>
        <translation>%1 regels</translation>
    </message>
    <message>
        <source>%1 of %2 lines</source>
        <translation>%1 van %2 regels</translation>
    </message>
    <message>
        <source>%1, %2 missing</source>
        <translation>%1, %2 ontbreken</translation>
    </message>
    <message>
        <source>Export log</source>
        <translation>Log exporteren</translation>
    </message>
    <message>
        <source>Text (*.log *.txt)</source>
        <translation>Tekst (*.log *.txt)</translation>
    </message>
    <message>
        <source>The file could not be written.</source>
        <translation>Het bestand kon niet worden geschreven.</translation>
    </message>
    <message>
        <source>Live log</source>
        <translation>Live log</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::LogStore</name>
    <message numerus="yes">
        <source>%n line(s) missing here</source>
        <translation>
            <numerusform>hier ontbreekt %n regel</numerusform>
            <numerusform>hier ontbreken %n regels</numerusform>
        </translation>
    </message>
    <message>
        <source>The server was restarted</source>
        <translation>De server is opnieuw gestart</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::LogView</name>
    <message>
        <source>%1 new</source>
        <translation>%1 nieuw</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Gepauzeerd</translation>
    </message>
    <message>
        <source>Go on with the newest line</source>
        <translation>Verdergaan bij de nieuwste regel</translation>
    </message>
    <message>
        <source>Copy lines</source>
        <translation>Regels kopiëren</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>Alles selecteren</translation>
    </message>
    <message>
        <source>Follow</source>
        <translation>Volgen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pauze</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::MainWindow</name>
    <message>
        <source>Pages</source>
        <translation>Pagina&apos;s</translation>
    </message>
    <message>
        <source>Gatehouse</source>
        <translation>Gatehouse</translation>
    </message>
    <message>
        <source>%1 – Gatehouse</source>
        <translation>%1 – Gatehouse</translation>
    </message>
    <message>
        <source>Not connected</source>
        <translation>Niet verbonden</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>Verbinden…</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>Catching up…</source>
        <translation>Wordt bijgewerkt…</translation>
    </message>
    <message>
        <source>Connection lost</source>
        <translation>Verbinding verbroken</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>Geweigerd</translation>
    </message>
    <message>
        <source>%1, version %2
Signed in as %3</source>
        <comment>host, version, admin</comment>
        <translation>%1, versie %2
Aangemeld als %3</translation>
    </message>
    <message>
        <source>Not connected. What is shown may be old.</source>
        <translation>Niet verbonden. Wat u ziet kan verouderd zijn.</translation>
    </message>
    <message>
        <source>Connect…</source>
        <translation>Verbinden…</translation>
    </message>
    <message>
        <source>The server is silent or sending a new snapshot; what is shown is from %1.</source>
        <translation>De server zwijgt of stuurt een nieuwe momentopname; wat u ziet is van %1.</translation>
    </message>
    <message numerus="yes">
        <source>Next attempt in %n s.</source>
        <translation>
            <numerusform>Volgende poging over %n s.</numerusform>
            <numerusform>Volgende poging over %n s.</numerusform>
        </translation>
    </message>
    <message>
        <source>Trying again…</source>
        <translation>Nieuwe poging…</translation>
    </message>
    <message>
        <source>No connection: %1. %2</source>
        <translation>Geen verbinding: %1. %2</translation>
    </message>
    <message>
        <source>Connection lost: %1. What is shown is from %2. %3</source>
        <translation>Verbinding verbroken: %1. Wat u ziet is van %2. %3</translation>
    </message>
    <message>
        <source>Try now</source>
        <translation>Nu proberen</translation>
    </message>
    <message>
        <source>The server refused: %1.</source>
        <translation>De server weigerde: %1.</translation>
    </message>
    <message numerus="yes">
        <source>%n gap(s) filled</source>
        <translation>
            <numerusform>%n gat gevuld</numerusform>
            <numerusform>%n gaten gevuld</numerusform>
        </translation>
    </message>
    <message>
        <source>Server time %1</source>
        <translation>Servertijd %1</translation>
    </message>
    <message>
        <source>&amp;Connection</source>
        <translation>&amp;Verbinding</translation>
    </message>
    <message>
        <source>&amp;Connect…</source>
        <translation>&amp;Verbinden…</translation>
    </message>
    <message>
        <source>&amp;Disconnect</source>
        <translation>Ver&amp;breken</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Afsluiten</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Help</translation>
    </message>
    <message>
        <source>&amp;About Gatehouse</source>
        <translation>&amp;Over Gatehouse</translation>
    </message>
    <message>
        <source>About Gatehouse</source>
        <translation>Over Gatehouse</translation>
    </message>
    <message>
        <source>Gatehouse console %1</source>
        <translation>Gatehouse-console %1</translation>
    </message>
    <message>
        <source>Shows a Gatehouse server live: rooms, clients, nodes, tasks and the log.
Licence: Apache-2.0</source>
        <translation>Toont een Gatehouse-server live: kamers, clients, nodes, taken en het log.
Licentie: Apache-2.0</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Beeld</translation>
    </message>
    <message>
        <source>&amp;Filter</source>
        <translation>&amp;Filter</translation>
    </message>
    <message>
        <source>&amp;Inspector</source>
        <translation>&amp;Inspectie</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>&amp;Thema</translation>
    </message>
    <message>
        <source>Like the &amp;desktop</source>
        <translation>Zoals de &amp;desktop</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>&amp;Licht</translation>
    </message>
    <message>
        <source>D&amp;ark</source>
        <translation>D&amp;onker</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>&amp;Taal</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::NodesModel</name>
    <message>
        <source>online</source>
        <translation>online</translation>
    </message>
    <message>
        <source>offline</source>
        <translation>offline</translation>
    </message>
    <message>
        <source>never seen</source>
        <translation>nooit gezien</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Node</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Toestand</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>Sinds</translation>
    </message>
    <message>
        <source>Organization</source>
        <translation>Organisatie</translation>
    </message>
    <message>
        <source>Collaboration</source>
        <translation>Samenwerking</translation>
    </message>
    <message>
        <source>Last seen</source>
        <translation>Laatst gezien</translation>
    </message>
    <message>
        <source>Drops</source>
        <comment>times the node went offline</comment>
        <translation>Uitval</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adres</translation>
    </message>
    <message>
        <source>ID</source>
        <translation>ID</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::NodesPage</name>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>Online</source>
        <translation>Online</translation>
    </message>
    <message>
        <source>Offline</source>
        <translation>Offline</translation>
    </message>
    <message>
        <source>No nodes yet</source>
        <translation>Nog geen nodes</translation>
    </message>
    <message>
        <source>Nodes are registered with the server, not by connecting. Import an organization&apos;s nodes to see them here.</source>
        <translation>Nodes worden bij de server geregistreerd, niet door te verbinden. Importeer de nodes van een organisatie om ze hier te zien.</translation>
    </message>
    <message>
        <source>Ping…</source>
        <translation>Pingen…</translation>
    </message>
    <message>
        <source>Measure how fast the node answers</source>
        <translation>Meet hoe snel de node antwoordt</translation>
    </message>
    <message>
        <source>Renew token…</source>
        <translation>Token vernieuwen…</translation>
    </message>
    <message>
        <source>Tell the node to sign in again</source>
        <translation>De node opnieuw laten aanmelden</translation>
    </message>
    <message>
        <source>Connection</source>
        <translation>Verbinding</translation>
    </message>
    <message>
        <source>Online since</source>
        <translation>Online sinds</translation>
    </message>
    <message>
        <source>Offline since</source>
        <translation>Offline sinds</translation>
    </message>
    <message>
        <source>Last seen</source>
        <translation>Laatst gezien</translation>
    </message>
    <message>
        <source>never</source>
        <translation>nooit</translation>
    </message>
    <message>
        <source>Connections</source>
        <translation>Verbindingen</translation>
    </message>
    <message>
        <source>Dropped</source>
        <translation>Uitgevallen</translation>
    </message>
    <message numerus="yes">
        <source>%n time(s)</source>
        <translation>
            <numerusform>%n keer</numerusform>
            <numerusform>%n keer</numerusform>
        </translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adres</translation>
    </message>
    <message>
        <source>Belongs to</source>
        <translation>Hoort bij</translation>
    </message>
    <message>
        <source>Organization</source>
        <translation>Organisatie</translation>
    </message>
    <message>
        <source>Collaboration</source>
        <translation>Samenwerking</translation>
    </message>
    <message>
        <source>Node ID</source>
        <translation>Node-ID</translation>
    </message>
    <message>
        <source>Configuration</source>
        <translation>Configuratie</translation>
    </message>
    <message>
        <source>Machine</source>
        <translation>Machine</translation>
    </message>
    <message>
        <source>%1%</source>
        <translation>%1%</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>Processor</translation>
    </message>
    <message>
        <source>Processor cores</source>
        <translation>Processorkernen</translation>
    </message>
    <message>
        <source>Memory used</source>
        <translation>Geheugen in gebruik</translation>
    </message>
    <message>
        <source>Memory free</source>
        <translation>Geheugen vrij</translation>
    </message>
    <message>
        <source>Memory in total</source>
        <translation>Geheugen totaal</translation>
    </message>
    <message>
        <source>GPUs</source>
        <translation>GPU&apos;s</translation>
    </message>
    <message>
        <source>Containers</source>
        <translation>Containers</translation>
    </message>
    <message>
        <source>System</source>
        <translation>Systeem</translation>
    </message>
    <message>
        <source>Reported</source>
        <translation>Gemeld</translation>
    </message>
    <message>
        <source>Select a node to see its connection and configuration.</source>
        <translation>Kies een node om verbinding en configuratie te zien.</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>Nodes</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::OverviewPage</name>
    <message>
        <source>Clients</source>
        <translation>Clients</translation>
    </message>
    <message>
        <source>Nodes online</source>
        <translation>Nodes online</translation>
    </message>
    <message>
        <source>Open tasks</source>
        <translation>Open taken</translation>
    </message>
    <message>
        <source>Events sent per second</source>
        <translation>Verzonden events per seconde</translation>
    </message>
    <message>
        <source>Events per second</source>
        <translation>Events per seconde</translation>
    </message>
    <message>
        <source>out</source>
        <translation>uit</translation>
    </message>
    <message>
        <source>in</source>
        <translation>in</translation>
    </message>
    <message>
        <source>Traffic per second</source>
        <translation>Verkeer per seconde</translation>
    </message>
    <message>
        <source>Loop lag</source>
        <translation>Vertraging van de lus</translation>
    </message>
    <message>
        <source>%1 ms</source>
        <translation>%1 ms</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Geheugen</translation>
    </message>
    <message>
        <source>Largest rooms</source>
        <translation>Grootste kamers</translation>
    </message>
    <message>
        <source>No rooms</source>
        <translation>Geen kamers</translation>
    </message>
    <message>
        <source>Nodes offline</source>
        <translation>Nodes offline</translation>
    </message>
    <message>
        <source>Every node that was ever seen is online</source>
        <translation>Elke node die ooit gezien is, is online</translation>
    </message>
    <message>
        <source>Troubles since the start</source>
        <translation>Problemen sinds de start</translation>
    </message>
    <message>
        <source>up for %1</source>
        <translation>al %1 actief</translation>
    </message>
    <message>
        <source>%1 sockets in %2 rooms</source>
        <translation>%1 sockets in %2 kamers</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>nodes online of all</comment>
        <translation>%1 van %2</translation>
    </message>
    <message numerus="yes">
        <source>%n offline</source>
        <translation>
            <numerusform>%n offline</numerusform>
            <numerusform>%n offline</numerusform>
        </translation>
    </message>
    <message>
        <source>all online</source>
        <translation>alle online</translation>
    </message>
    <message numerus="yes">
        <source>%n run(s) active</source>
        <translation>
            <numerusform>%n run actief</numerusform>
            <numerusform>%n runs actief</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 received per second</source>
        <translation>%1 ontvangen per seconde</translation>
    </message>
    <message>
        <source>Slow clients closed</source>
        <translation>Trage clients gesloten</translation>
    </message>
    <message>
        <source>Protocol errors</source>
        <translation>Protocolfouten</translation>
    </message>
    <message>
        <source>Ping timeouts</source>
        <translation>Ping-time-outs</translation>
    </message>
    <message>
        <source>Refused connections</source>
        <translation>Geweigerde verbindingen</translation>
    </message>
    <message>
        <source>Log lines dropped</source>
        <translation>Gemiste logregels</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>Overzicht</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::RoomsModel</name>
    <message>
        <source>Room</source>
        <translation>Kamer</translation>
    </message>
    <message>
        <source>Members</source>
        <translation>Leden</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>Events</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>Sinds</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::RoomsPage</name>
    <message>
        <source>No rooms</source>
        <translation>Geen kamers</translation>
    </message>
    <message>
        <source>A room exists while somebody is in it.</source>
        <translation>Een kamer bestaat zolang er iemand in is.</translation>
    </message>
    <message>
        <source>Send message…</source>
        <translation>Bericht sturen…</translation>
    </message>
    <message>
        <source>Send an event to everybody in this room</source>
        <translation>Stuur een event naar iedereen in deze kamer</translation>
    </message>
    <message>
        <source>Disconnect…</source>
        <translation>Verbreken…</translation>
    </message>
    <message>
        <source>Close this client&apos;s connection</source>
        <translation>Sluit de verbinding van deze client</translation>
    </message>
    <message>
        <source>Show client</source>
        <translation>Client tonen</translation>
    </message>
    <message>
        <source>Go to this client&apos;s row</source>
        <translation>Ga naar de rij van deze client</translation>
    </message>
    <message numerus="yes">
        <source>%n room(s)</source>
        <translation>
            <numerusform>%n kamer</numerusform>
            <numerusform>%n kamers</numerusform>
        </translation>
    </message>
    <message>
        <source>Namespace</source>
        <translation>Namespace</translation>
    </message>
    <message>
        <source>Rooms</source>
        <translation>Kamers</translation>
    </message>
    <message numerus="yes">
        <source>%n member(s)</source>
        <translation>
            <numerusform>%n lid</numerusform>
            <numerusform>%n leden</numerusform>
        </translation>
    </message>
    <message>
        <source>Room</source>
        <translation>Kamer</translation>
    </message>
    <message>
        <source>Open since</source>
        <translation>Open sinds</translation>
    </message>
    <message>
        <source>Events sent</source>
        <translation>Verzonden events</translation>
    </message>
    <message>
        <source>Members</source>
        <translation>Leden</translation>
    </message>
    <message>
        <source>in %1</source>
        <translation>in %1</translation>
    </message>
    <message>
        <source>Membership</source>
        <translation>Lidmaatschap</translation>
    </message>
    <message>
        <source>Joined</source>
        <translation>Binnengekomen</translation>
    </message>
    <message>
        <source>Socket</source>
        <translation>Socket</translation>
    </message>
    <message>
        <source>Session</source>
        <translation>Sessie</translation>
    </message>
    <message>
        <source>Select a room to see who is in it.</source>
        <translation>Kies een kamer om te zien wie erin is.</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::SendDialog</name>
    <message>
        <source>Send to room</source>
        <translation>Naar kamer sturen</translation>
    </message>
    <message numerus="yes">
        <source>Everybody in this room gets the message: %n member(s) now.</source>
        <translation>
            <numerusform>Iedereen in deze kamer krijgt het bericht: nu %n lid.</numerusform>
            <numerusform>Iedereen in deze kamer krijgt het bericht: nu %n leden.</numerusform>
        </translation>
    </message>
    <message>
        <source>Send</source>
        <translation>Versturen</translation>
    </message>
    <message>
        <source>Event</source>
        <translation>Event</translation>
    </message>
    <message>
        <source>Arguments, as a JSON array</source>
        <translation>Argumenten, als JSON-array</translation>
    </message>
    <message>
        <source>This is not JSON yet.</source>
        <translation>Dit is nog geen JSON.</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ServicesModel</name>
    <message>
        <source>registered</source>
        <translation>geregistreerd</translation>
    </message>
    <message>
        <source>registering</source>
        <translation>meldt zich aan</translation>
    </message>
    <message>
        <source>wanted</source>
        <translation>gewenst</translation>
    </message>
    <message>
        <source>nobody wants it</source>
        <translation>niemand wil het</translation>
    </message>
    <message>
        <source>up</source>
        <comment>of the bus</comment>
        <translation>actief</translation>
    </message>
    <message>
        <source>blocked</source>
        <comment>of the bus</comment>
        <translation>geblokkeerd</translation>
    </message>
    <message>
        <source>connecting</source>
        <comment>of the bus</comment>
        <translation>maakt verbinding</translation>
    </message>
    <message>
        <source>service</source>
        <translation>dienst</translation>
    </message>
    <message>
        <source>type</source>
        <comment>of message</comment>
        <translation>type</translation>
    </message>
    <message>
        <source>everything</source>
        <translation>alles</translation>
    </message>
    <message>
        <source>Service or type</source>
        <translation>Dienst of type</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Soort</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Toestand</translation>
    </message>
    <message>
        <source>Waiting</source>
        <comment>messages or calls nobody has dealt with</comment>
        <translation>Wacht</translation>
    </message>
    <message>
        <source>Dead</source>
        <comment>letters</comment>
        <translation>Dood</translation>
    </message>
    <message>
        <source>Wants, or wanted by</source>
        <translation>Wil, of gewenst door</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>Server</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ServicesPage</name>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>Services</source>
        <translation>Diensten</translation>
    </message>
    <message>
        <source>Types</source>
        <translation>Typen</translation>
    </message>
    <message>
        <source>Unhandled</source>
        <translation>Onbehandeld</translation>
    </message>
    <message>
        <source>No services yet</source>
        <translation>Nog geen diensten</translation>
    </message>
    <message>
        <source>Services appear here when they register, types when somebody wants or sends them.</source>
        <translation>Diensten verschijnen hier zodra ze zich aanmelden, typen zodra iemand ze wil of stuurt.</translation>
    </message>
    <message>
        <source>Show client</source>
        <translation>Client tonen</translation>
    </message>
    <message>
        <source>Go to this service&apos;s connection</source>
        <translation>Naar de verbinding van deze dienst</translation>
    </message>
    <message>
        <source>Disconnect…</source>
        <translation>Verbreken…</translation>
    </message>
    <message>
        <source>Close this service&apos;s connection</source>
        <translation>De verbinding van deze dienst sluiten</translation>
    </message>
    <message>
        <source>Bus</source>
        <translation>Bus</translation>
    </message>
    <message>
        <source>what joins services and servers</source>
        <translation>wat diensten en servers verbindt</translation>
    </message>
    <message>
        <source>Under way</source>
        <translation>Onderweg</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>Vragen</translation>
    </message>
    <message>
        <source>Calls</source>
        <translation>Aanroepen</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>Berichten</translation>
    </message>
    <message>
        <source>In the outbox</source>
        <translation>In de outbox</translation>
    </message>
    <message>
        <source>Since the start</source>
        <translation>Sinds de start</translation>
    </message>
    <message>
        <source>Nobody there</source>
        <translation>Niemand er</translation>
    </message>
    <message>
        <source>Dead letters</source>
        <translation>Onbestelbaar</translation>
    </message>
    <message>
        <source>This server</source>
        <translation>Deze server</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Naam</translation>
    </message>
    <message>
        <source>Service</source>
        <translation>Dienst</translation>
    </message>
    <message>
        <source>Wants</source>
        <translation>Wil</translation>
    </message>
    <message>
        <source>everything</source>
        <translation>alles</translation>
    </message>
    <message>
        <source>none</source>
        <translation>geen</translation>
    </message>
    <message>
        <source>Queues</source>
        <translation>Wachtrijen</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>Server</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Session</source>
        <translation>Sessie</translation>
    </message>
    <message>
        <source>Calls to it</source>
        <translation>Aanroepen</translation>
    </message>
    <message>
        <source>Its requests</source>
        <translation>Eigen vragen</translation>
    </message>
    <message>
        <source>Connection</source>
        <translation>Verbinding</translation>
    </message>
    <message>
        <source>Type of message</source>
        <translation>Berichttype</translation>
    </message>
    <message>
        <source>Wanted by</source>
        <translation>Gewenst door</translation>
    </message>
    <message>
        <source>who wants everything</source>
        <translation>wie alles wil</translation>
    </message>
    <message>
        <source>nobody</source>
        <translation>niemand</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wacht</translation>
    </message>
    <message>
        <source>Select a service or a type to see what it wants and what waits.</source>
        <translation>Kies een dienst of een type om te zien wat hij wil en wat er wacht.</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::TasksModel</name>
    <message>
        <source>Task %1</source>
        <translation>Taak %1</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>finished runs of all runs</comment>
        <translation>%1 van %2</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>Taak</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>Status</translation>
    </message>
    <message>
        <source>Runs done</source>
        <translation>Runs klaar</translation>
    </message>
    <message>
        <source>Collaboration</source>
        <translation>Samenwerking</translation>
    </message>
    <message>
        <source>Started by</source>
        <translation>Gestart door</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>Gemaakt</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>Duur</translation>
    </message>
    <message>
        <source>ID</source>
        <translation>ID</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::TasksPage</name>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Open</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Mislukt</translation>
    </message>
    <message>
        <source>No tasks yet</source>
        <translation>Nog geen taken</translation>
    </message>
    <message>
        <source>A task appears here as soon as a user creates one.</source>
        <translation>Een taak verschijnt hier zodra een gebruiker er een maakt.</translation>
    </message>
    <message>
        <source>Kill task…</source>
        <translation>Taak stoppen…</translation>
    </message>
    <message>
        <source>Tell the nodes to stop this task</source>
        <translation>De nodes deze taak laten stoppen</translation>
    </message>
    <message>
        <source>%1 open</source>
        <comment>tasks</comment>
        <translation>%1 open</translation>
    </message>
    <message>
        <source>Task %1</source>
        <translation>Taak %1</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>Taak</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>Gemaakt</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>Klaar</translation>
    </message>
    <message>
        <source>not yet</source>
        <translation>nog niet</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>Duur</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>Image</translation>
    </message>
    <message>
        <source>Belongs to</source>
        <translation>Hoort bij</translation>
    </message>
    <message>
        <source>Started by</source>
        <translation>Gestart door</translation>
    </message>
    <message>
        <source>Organization</source>
        <translation>Organisatie</translation>
    </message>
    <message>
        <source>Collaboration</source>
        <translation>Samenwerking</translation>
    </message>
    <message>
        <source>Job</source>
        <translation>Job</translation>
    </message>
    <message>
        <source>Parent task</source>
        <translation>Bovenliggende taak</translation>
    </message>
    <message>
        <source>none</source>
        <translation>geen</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Runs</translation>
    </message>
    <message>
        <source>Run %1 of task %2</source>
        <translation>Run %1 van taak %2</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Run</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Node</translation>
    </message>
    <message>
        <source>Assigned</source>
        <translation>Toegewezen</translation>
    </message>
    <message>
        <source>Started</source>
        <translation>Gestart</translation>
    </message>
    <message>
        <source>Waited</source>
        <translation>Gewacht</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Naam</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>Status</translation>
    </message>
    <message>
        <source>Select a task or a run to see its times and where it runs.</source>
        <translation>Kies een taak of een run om tijden en plaats te zien.</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Taken</translation>
    </message>
</context>
</TS>
