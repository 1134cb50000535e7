<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Format</name>
    <message>
        <source>%1 d</source>
        <comment>days, short</comment>
        <translation>%1 T</translation>
    </message>
    <message>
        <source>%1 h</source>
        <comment>hours, short</comment>
        <translation>%1 Std</translation>
    </message>
    <message>
        <source>%1 min</source>
        <comment>minutes, short</comment>
        <translation>%1 Min</translation>
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
        <translation>jetzt</translation>
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
        <translation>Benutzer</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>Service</source>
        <translation>Dienst</translation>
    </message>
    <message>
        <source>Admin</source>
        <translation>Administrator</translation>
    </message>
    <message>
        <source>Anonymous</source>
        <translation>Anonym</translation>
    </message>
    <message>
        <source>pending</source>
        <comment>task status</comment>
        <translation>wartend</translation>
    </message>
    <message>
        <source>initializing</source>
        <comment>task status</comment>
        <translation>wird gestartet</translation>
    </message>
    <message>
        <source>active</source>
        <comment>task status</comment>
        <translation>aktiv</translation>
    </message>
    <message>
        <source>completed</source>
        <comment>task status</comment>
        <translation>abgeschlossen</translation>
    </message>
    <message>
        <source>failed</source>
        <comment>task status</comment>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <source>start failed</source>
        <comment>task status</comment>
        <translation>Start fehlgeschlagen</translation>
    </message>
    <message>
        <source>crashed</source>
        <comment>task status</comment>
        <translation>abgestürzt</translation>
    </message>
    <message>
        <source>killed by user</source>
        <comment>task status</comment>
        <translation>von Benutzer beendet</translation>
    </message>
    <message>
        <source>not allowed</source>
        <comment>task status</comment>
        <translation>nicht erlaubt</translation>
    </message>
    <message>
        <source>image not found</source>
        <comment>task status</comment>
        <translation>Image nicht gefunden</translation>
    </message>
    <message>
        <source>unknown error</source>
        <comment>task status</comment>
        <translation>unbekannter Fehler</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::AdminActions</name>
    <message>
        <source>name or password is wrong</source>
        <translation>Name oder Passwort ist falsch</translation>
    </message>
    <message>
        <source>no token was given</source>
        <translation>es wurde kein Token angegeben</translation>
    </message>
    <message>
        <source>the token is not valid here</source>
        <translation>das Token ist hier nicht gültig</translation>
    </message>
    <message>
        <source>the token has expired</source>
        <translation>das Token ist abgelaufen</translation>
    </message>
    <message>
        <source>an admin account is needed</source>
        <translation>ein Administratorkonto ist nötig</translation>
    </message>
    <message>
        <source>it does not exist any more</source>
        <translation>es existiert nicht mehr</translation>
    </message>
    <message>
        <source>its state does not allow that</source>
        <translation>der Zustand lässt das nicht zu</translation>
    </message>
    <message>
        <source>too many attempts, wait a moment</source>
        <translation>zu viele Versuche, bitte kurz warten</translation>
    </message>
    <message>
        <source>no answer in time</source>
        <translation>keine Antwort innerhalb der Frist</translation>
    </message>
    <message>
        <source>the server is shutting down</source>
        <translation>der Server wird heruntergefahren</translation>
    </message>
    <message>
        <source>not connected</source>
        <translation>nicht verbunden</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <extracomment>%1 is what failed (&quot;Task 42 was not killed&quot;), %2 is why</extracomment>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>Disconnect client</source>
        <translation>Client trennen</translation>
    </message>
    <message>
        <source>Its connection is closed at once. A client with a valid token may come back by itself.
Session %1</source>
        <translation>Die Verbindung wird sofort geschlossen. Ein Client mit gültigem Token kann von selbst zurückkommen.
Sitzung %1</translation>
    </message>
    <message>
        <source>Disconnect</source>
        <translation>Trennen</translation>
    </message>
    <message>
        <source>Disconnecting %1…</source>
        <translation>%1 wird getrennt…</translation>
    </message>
    <message>
        <source>%1 was not disconnected</source>
        <translation>%1 wurde nicht getrennt</translation>
    </message>
    <message>
        <source>%1 was disconnected</source>
        <translation>%1 wurde getrennt</translation>
    </message>
    <message>
        <source>Task %1</source>
        <translation>Aufgabe %1</translation>
    </message>
    <message>
        <source>%1 (task %2)</source>
        <translation>%1 (Aufgabe %2)</translation>
    </message>
    <message>
        <source>The nodes are told to stop this task. Its results are lost.</source>
        <translation>Die Knoten werden angewiesen, diese Aufgabe zu beenden. Die Ergebnisse gehen verloren.</translation>
    </message>
    <message>
        <source>Kill task</source>
        <translation>Aufgabe beenden</translation>
    </message>
    <message>
        <source>Kill</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Killing %1…</source>
        <translation>%1 wird beendet…</translation>
    </message>
    <message>
        <source>%1 was not killed</source>
        <translation>%1 wurde nicht beendet</translation>
    </message>
    <message numerus="yes">
        <source>%1: %n run(s) killed</source>
        <translation>
            <numerusform>%1: %n Lauf beendet</numerusform>
            <numerusform>%1: %n Läufe beendet</numerusform>
        </translation>
    </message>
    <message>
        <source>Renew token</source>
        <translation>Token erneuern</translation>
    </message>
    <message>
        <source>The node is told that its token has expired. It signs in again and reconnects within seconds; running tasks go on.</source>
        <translation>Dem Knoten wird mitgeteilt, dass sein Token abgelaufen ist. Er meldet sich neu an und ist in Sekunden wieder verbunden; laufende Aufgaben gehen weiter.</translation>
    </message>
    <message>
        <source>Asking %1 to renew its token…</source>
        <translation>%1 wird gebeten, das Token zu erneuern…</translation>
    </message>
    <message>
        <source>%1 was not asked</source>
        <translation>%1 wurde nicht gefragt</translation>
    </message>
    <message numerus="yes">
        <source>%1 was asked to renew its token (%n connection(s))</source>
        <translation>
            <numerusform>%1 wurde gebeten, das Token zu erneuern (%n Verbindung)</numerusform>
            <numerusform>%1 wurde gebeten, das Token zu erneuern (%n Verbindungen)</numerusform>
        </translation>
    </message>
    <message>
        <source>Pinging %1…</source>
        <translation>%1 wird angepingt…</translation>
    </message>
    <message>
        <source>%1 did not answer</source>
        <translation>%1 hat nicht geantwortet</translation>
    </message>
    <message>
        <source>%1 answered after %2 ms</source>
        <translation>%1 antwortete nach %2 ms</translation>
    </message>
    <message>
        <source>Sending to %1…</source>
        <translation>Wird an %1 gesendet…</translation>
    </message>
    <message>
        <source>Nothing was sent to %1</source>
        <translation>An %1 wurde nichts gesendet</translation>
    </message>
    <message numerus="yes">
        <source>Sent to %n member(s) of %1</source>
        <translation>
            <numerusform>An %n Mitglied von %1 gesendet</numerusform>
            <numerusform>An %n Mitglieder von %1 gesendet</numerusform>
        </translation>
    </message>
    <message>
        <source>the server says “%1”</source>
        <translation>der Server sagt „%1“</translation>
    </message>
    <message>
        <source>the connection was cut</source>
        <translation>die Verbindung wurde unterbrochen</translation>
    </message>
    <message>
        <source>the server fell silent</source>
        <translation>der Server antwortet nicht mehr</translation>
    </message>
    <message>
        <source>the server ended the session</source>
        <translation>der Server hat die Sitzung beendet</translation>
    </message>
    <message>
        <source>disconnected by hand</source>
        <translation>von Hand getrennt</translation>
    </message>
    <message>
        <source>the node is offline</source>
        <translation>der Knoten ist offline</translation>
    </message>
    <message>
        <source>Ping node</source>
        <translation>Knoten anpingen</translation>
    </message>
    <message>
        <source>A ping goes out over each of its connections, and the time until the answer is shown. The node&apos;s work is not touched.</source>
        <translation>Über jede seiner Verbindungen geht ein Ping hinaus, und die Zeit bis zur Antwort wird gezeigt. Die Arbeit des Knotens bleibt unberührt.</translation>
    </message>
    <message>
        <source>Ping</source>
        <translation>Anpingen</translation>
    </message>
    <message>
        <source>Take login away</source>
        <translation>Anmeldung entziehen</translation>
    </message>
    <message>
        <source>Its token is refused from now on, by every server on the bus and whoever shows it. The connection stays, without what the login gave.
Session %1</source>
        <translation>Das Token wird ab jetzt abgewiesen, von jedem Server auf dem Bus und wer auch immer es vorzeigt. Die Verbindung bleibt, ohne was die Anmeldung gab.
Sitzung %1</translation>
    </message>
    <message>
        <source>Taking the login of %1 away…</source>
        <translation>Anmeldung von %1 wird entzogen…</translation>
    </message>
    <message>
        <source>%1 keeps its login</source>
        <translation>%1 behält seine Anmeldung</translation>
    </message>
    <message>
        <source>%1 has no login any more</source>
        <translation>%1 ist nicht mehr angemeldet</translation>
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
        <translation>Art</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <source>Transport</source>
        <translation>Transport</translation>
    </message>
    <message>
        <source>Connected</source>
        <translation>Verbunden</translation>
    </message>
    <message>
        <source>Rooms</source>
        <translation>Räume</translation>
    </message>
    <message>
        <source>In</source>
        <comment>packets received</comment>
        <translation>Ein</translation>
    </message>
    <message>
        <source>Out</source>
        <comment>packets sent</comment>
        <translation>Aus</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>Gesendet</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>Wartend</translation>
    </message>
    <message>
        <source>Session</source>
        <translation>Sitzung</translation>
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
        <translation>Benutzer</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>Others</source>
        <translation>Andere</translation>
    </message>
    <message>
        <source>Nobody is connected</source>
        <translation>Niemand ist verbunden</translation>
    </message>
    <message>
        <source>Clients appear here the moment their session opens.</source>
        <translation>Clients erscheinen hier, sobald ihre Sitzung beginnt.</translation>
    </message>
    <message>
        <source>Disconnect…</source>
        <translation>Trennen…</translation>
    </message>
    <message>
        <source>Close this client&apos;s connection</source>
        <translation>Die Verbindung dieses Clients schließen</translation>
    </message>
    <message>
        <source>Connection</source>
        <translation>Verbindung</translation>
    </message>
    <message>
        <source>Connected</source>
        <translation>Verbunden</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <source>User agent</source>
        <translation>User-Agent</translation>
    </message>
    <message>
        <source>Token ends</source>
        <translation>Token endet</translation>
    </message>
    <message>
        <source>no token</source>
        <translation>kein Token</translation>
    </message>
    <message>
        <source>Session</source>
        <translation>Sitzung</translation>
    </message>
    <message>
        <source>Traffic</source>
        <translation>Datenverkehr</translation>
    </message>
    <message>
        <source>Packets in</source>
        <translation>Pakete ein</translation>
    </message>
    <message>
        <source>Packets out</source>
        <translation>Pakete aus</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>Empfangen</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>Gesendet</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>Wartend</translation>
    </message>
    <message>
        <source>Socket</source>
        <translation>Socket</translation>
    </message>
    <message>
        <source>Rooms</source>
        <translation>Räume</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>Namespace %1</source>
        <translation>Namensraum %1</translation>
    </message>
    <message>
        <source>Select a client to see its connection, traffic and rooms.</source>
        <translation>Wählen Sie einen Client, um Verbindung, Datenverkehr und Räume zu sehen.</translation>
    </message>
    <message>
        <source>Clients</source>
        <translation>Clients</translation>
    </message>
    <message>
        <source>Take login away…</source>
        <translation>Anmeldung entziehen…</translation>
    </message>
    <message>
        <source>Refuse this client&apos;s token from now on</source>
        <translation>Das Token dieses Clients ab jetzt abweisen</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ConfirmDialog</name>
    <message>
        <source>Why? This is kept in the audit log.</source>
        <translation>Warum? Das wird im Audit-Protokoll festgehalten.</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>Grund</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ConnectionDialog</name>
    <message>
        <source>Connect to a server</source>
        <translation>Mit einem Server verbinden</translation>
    </message>
    <message>
        <source>Saved servers</source>
        <translation>Gespeicherte Server</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Neu</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>For example: Production</source>
        <translation>Zum Beispiel: Produktion</translation>
    </message>
    <message>
        <source>Name and password</source>
        <translation>Name und Passwort</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Keep it in the desktop&apos;s keyring</source>
        <translation>Im Schlüsselbund der Arbeitsumgebung speichern</translation>
    </message>
    <message>
        <source>Otherwise it is used for this run only and never written down</source>
        <translation>Sonst wird es nur für diese Sitzung benutzt und nirgends gespeichert</translation>
    </message>
    <message>
        <source>Connect</source>
        <translation>Verbinden</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
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
        <translation>Farbe</translation>
    </message>
    <message>
        <source>Sign in with</source>
        <translation>Anmelden mit</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>Passwort</translation>
    </message>
    <message>
        <source>This desktop has no keyring, so nothing was written. Connect again to use the secret for this run only.</source>
        <translation>Diese Arbeitsumgebung hat keinen Schlüsselbund, daher wurde nichts gespeichert. Verbinden Sie erneut, um das Geheimnis nur dieses Mal zu benutzen.</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::FilterField</name>
    <message>
        <source>Clear</source>
        <translation>Leeren</translation>
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
        <translation>Spalten anpassen</translation>
    </message>
    <message>
        <source>Nothing matches</source>
        <translation>Keine Treffer</translation>
    </message>
    <message>
        <source>No row has all the words of the filter.</source>
        <translation>Keine Zeile enthält alle Wörter des Filters.</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>rows shown of all rows</comment>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Copy cell</source>
        <translation>Zelle kopieren</translation>
    </message>
    <message>
        <source>Copy row</source>
        <translation>Zeile kopieren</translation>
    </message>
    <message>
        <source>%1 (just now)</source>
        <comment>moment</comment>
        <translation>%1 (gerade eben)</translation>
    </message>
    <message>
        <source>%1 (%2 ago)</source>
        <comment>moment and how long ago</comment>
        <translation>%1 (vor %2)</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::LogPage</name>
    <message>
        <source>Follow</source>
        <translation>Folgen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>Lowest level</source>
        <translation>Niedrigste Stufe</translation>
    </message>
    <message>
        <source>All levels</source>
        <translation>Alle Stufen</translation>
    </message>
    <message>
        <source>Info and up</source>
        <translation>Info und höher</translation>
    </message>
    <message>
        <source>Warnings and up</source>
        <translation>Warnungen und höher</translation>
    </message>
    <message>
        <source>Errors and up</source>
        <translation>Fehler und höher</translation>
    </message>
    <message>
        <source>Critical only</source>
        <translation>Nur kritische</translation>
    </message>
    <message>
        <source>Filter, or task:42 node:3</source>
        <translation>Filter oder task:42 node:3</translation>
    </message>
    <message>
        <source>Read the filter as a regular expression</source>
        <translation>Den Filter als regulären Ausdruck lesen</translation>
    </message>
    <message>
        <source>Highlight</source>
        <translation>Hervorheben</translation>
    </message>
    <message>
        <source>Marks without hiding; Enter goes to the match before</source>
        <translation>Hebt hervor, ohne auszublenden; Enter springt zum vorigen Treffer</translation>
    </message>
    <message>
        <source>Stop and go on (Space)</source>
        <translation>Anhalten und fortsetzen (Leertaste)</translation>
    </message>
    <message>
        <source>Copy the selected lines</source>
        <translation>Die ausgewählten Zeilen kopieren</translation>
    </message>
    <message>
        <source>Export the lines shown to a file</source>
        <translation>Die angezeigten Zeilen in eine Datei schreiben</translation>
    </message>
    <message>
        <source>No log lines yet</source>
        <translation>Noch keine Protokollzeilen</translation>
    </message>
    <message>
        <source>Lines appear as the server writes them.</source>
        <translation>Zeilen erscheinen, sobald der Server sie schreibt.</translation>
    </message>
    <message>
        <source>No line matches</source>
        <translation>Keine Zeile passt</translation>
    </message>
    <message>
        <source>New lines that match will appear here.</source>
        <translation>Neue passende Zeilen erscheinen hier.</translation>
    </message>
    <message>
        <source>%1 lines</source>
        <translation>%1 Zeilen</translation>
    </message>
    <message>
        <source>%1 of %2 lines</source>
        <translation>%1 von %2 Zeilen</translation>
    </message>
    <message>
        <source>%1, %2 missing</source>
        <translation>%1, %2 fehlen</translation>
    </message>
    <message>
        <source>Export log</source>
        <translation>Protokoll exportieren</translation>
    </message>
    <message>
        <source>Text (*.log *.txt)</source>
        <translation>Text (*.log *.txt)</translation>
    </message>
    <message>
        <source>The file could not be written.</source>
        <translation>Die Datei konnte nicht geschrieben werden.</translation>
    </message>
    <message>
        <source>Live log</source>
        <translation>Live-Protokoll</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::LogStore</name>
    <message numerus="yes">
        <source>%n line(s) missing here</source>
        <translation>
            <numerusform>hier fehlt %n Zeile</numerusform>
            <numerusform>hier fehlen %n Zeilen</numerusform>
        </translation>
    </message>
    <message>
        <source>The server was restarted</source>
        <translation>Der Server wurde neu gestartet</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::LogView</name>
    <message>
        <source>%1 new</source>
        <translation>%1 neu</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Go on with the newest line</source>
        <translation>Bei der neuesten Zeile weitermachen</translation>
    </message>
    <message>
        <source>Copy lines</source>
        <translation>Zeilen kopieren</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>Alles auswählen</translation>
    </message>
    <message>
        <source>Follow</source>
        <translation>Folgen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::MainWindow</name>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
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
        <translation>Nicht verbunden</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>Wird verbunden…</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>Catching up…</source>
        <translation>Wird nachgeholt…</translation>
    </message>
    <message>
        <source>Connection lost</source>
        <translation>Verbindung verloren</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>%1, version %2
Signed in as %3</source>
        <comment>host, version, admin</comment>
        <translation>%1, Version %2
Angemeldet als %3</translation>
    </message>
    <message>
        <source>Not connected. What is shown may be old.</source>
        <translation>Nicht verbunden. Die Anzeige kann veraltet sein.</translation>
    </message>
    <message>
        <source>Connect…</source>
        <translation>Verbinden…</translation>
    </message>
    <message>
        <source>The server is silent or sending a new snapshot; what is shown is from %1.</source>
        <translation>Der Server schweigt oder sendet einen neuen Schnappschuss; die Anzeige ist von %1.</translation>
    </message>
    <message numerus="yes">
        <source>Next attempt in %n s.</source>
        <translation>
            <numerusform>Nächster Versuch in %n s.</numerusform>
            <numerusform>Nächster Versuch in %n s.</numerusform>
        </translation>
    </message>
    <message>
        <source>Trying again…</source>
        <translation>Neuer Versuch…</translation>
    </message>
    <message>
        <source>No connection: %1. %2</source>
        <translation>Keine Verbindung: %1. %2</translation>
    </message>
    <message>
        <source>Connection lost: %1. What is shown is from %2. %3</source>
        <translation>Verbindung verloren: %1. Die Anzeige ist von %2. %3</translation>
    </message>
    <message>
        <source>Try now</source>
        <translation>Jetzt versuchen</translation>
    </message>
    <message>
        <source>The server refused: %1.</source>
        <translation>Der Server hat abgelehnt: %1.</translation>
    </message>
    <message numerus="yes">
        <source>%n gap(s) filled</source>
        <translation>
            <numerusform>%n Lücke gefüllt</numerusform>
            <numerusform>%n Lücken gefüllt</numerusform>
        </translation>
    </message>
    <message>
        <source>Server time %1</source>
        <translation>Serverzeit %1</translation>
    </message>
    <message>
        <source>&amp;Connection</source>
        <translation>&amp;Verbindung</translation>
    </message>
    <message>
        <source>&amp;Connect…</source>
        <translation>&amp;Verbinden…</translation>
    </message>
    <message>
        <source>&amp;Disconnect</source>
        <translation>&amp;Trennen</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>&amp;About Gatehouse</source>
        <translation>Ü&amp;ber Gatehouse</translation>
    </message>
    <message>
        <source>About Gatehouse</source>
        <translation>Über Gatehouse</translation>
    </message>
    <message>
        <source>Gatehouse console %1</source>
        <translation>Gatehouse-Konsole %1</translation>
    </message>
    <message>
        <source>Shows a Gatehouse server live: rooms, clients, nodes, tasks and the log.
Licence: Apache-2.0</source>
        <translation>Zeigt einen Gatehouse-Server live: Räume, Clients, Knoten, Aufgaben und das Protokoll.
Lizenz: Apache-2.0</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Filter</source>
        <translation>&amp;Filter</translation>
    </message>
    <message>
        <source>&amp;Inspector</source>
        <translation>&amp;Inspektor</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>&amp;Farbschema</translation>
    </message>
    <message>
        <source>Like the &amp;desktop</source>
        <translation>Wie die &amp;Arbeitsumgebung</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>&amp;Hell</translation>
    </message>
    <message>
        <source>D&amp;ark</source>
        <translation>&amp;Dunkel</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>&amp;Sprache</translation>
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
        <translation>nie gesehen</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>Seit</translation>
    </message>
    <message>
        <source>Organization</source>
        <translation>Organisation</translation>
    </message>
    <message>
        <source>Collaboration</source>
        <translation>Kollaboration</translation>
    </message>
    <message>
        <source>Last seen</source>
        <translation>Zuletzt gesehen</translation>
    </message>
    <message>
        <source>Drops</source>
        <comment>times the node went offline</comment>
        <translation>Ausfälle</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
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
        <translation>Noch keine Knoten</translation>
    </message>
    <message>
        <source>Nodes are registered with the server, not by connecting. Import an organization&apos;s nodes to see them here.</source>
        <translation>Knoten werden beim Server registriert, nicht durch Verbinden. Importieren Sie die Knoten einer Organisation, um sie hier zu sehen.</translation>
    </message>
    <message>
        <source>Ping…</source>
        <translation>Anpingen…</translation>
    </message>
    <message>
        <source>Measure how fast the node answers</source>
        <translation>Messen, wie schnell der Knoten antwortet</translation>
    </message>
    <message>
        <source>Renew token…</source>
        <translation>Token erneuern…</translation>
    </message>
    <message>
        <source>Tell the node to sign in again</source>
        <translation>Den Knoten neu anmelden lassen</translation>
    </message>
    <message>
        <source>Connection</source>
        <translation>Verbindung</translation>
    </message>
    <message>
        <source>Online since</source>
        <translation>Online seit</translation>
    </message>
    <message>
        <source>Offline since</source>
        <translation>Offline seit</translation>
    </message>
    <message>
        <source>Last seen</source>
        <translation>Zuletzt gesehen</translation>
    </message>
    <message>
        <source>never</source>
        <translation>nie</translation>
    </message>
    <message>
        <source>Connections</source>
        <translation>Verbindungen</translation>
    </message>
    <message>
        <source>Dropped</source>
        <translation>Ausgefallen</translation>
    </message>
    <message numerus="yes">
        <source>%n time(s)</source>
        <translation>
            <numerusform>%n-mal</numerusform>
            <numerusform>%n-mal</numerusform>
        </translation>
    </message>
    <message>
        <source>Address</source>
        <translation>Adresse</translation>
    </message>
    <message>
        <source>Belongs to</source>
        <translation>Gehört zu</translation>
    </message>
    <message>
        <source>Organization</source>
        <translation>Organisation</translation>
    </message>
    <message>
        <source>Collaboration</source>
        <translation>Kollaboration</translation>
    </message>
    <message>
        <source>Node ID</source>
        <translation>Knoten-ID</translation>
    </message>
    <message>
        <source>Configuration</source>
        <translation>Konfiguration</translation>
    </message>
    <message>
        <source>Machine</source>
        <translation>Rechner</translation>
    </message>
    <message>
        <source>%1%</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>Prozessor</translation>
    </message>
    <message>
        <source>Processor cores</source>
        <translation>Prozessorkerne</translation>
    </message>
    <message>
        <source>Memory used</source>
        <translation>Speicher belegt</translation>
    </message>
    <message>
        <source>Memory free</source>
        <translation>Speicher frei</translation>
    </message>
    <message>
        <source>Memory in total</source>
        <translation>Speicher insgesamt</translation>
    </message>
    <message>
        <source>GPUs</source>
        <translation>GPUs</translation>
    </message>
    <message>
        <source>Containers</source>
        <translation>Container</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>Reported</source>
        <translation>Gemeldet</translation>
    </message>
    <message>
        <source>Select a node to see its connection and configuration.</source>
        <translation>Wählen Sie einen Knoten, um Verbindung und Konfiguration zu sehen.</translation>
    </message>
    <message>
        <source>Nodes</source>
        <translation>Knoten</translation>
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
        <translation>Knoten online</translation>
    </message>
    <message>
        <source>Open tasks</source>
        <translation>Offene Aufgaben</translation>
    </message>
    <message>
        <source>Events sent per second</source>
        <translation>Gesendete Ereignisse pro Sekunde</translation>
    </message>
    <message>
        <source>Events per second</source>
        <translation>Ereignisse pro Sekunde</translation>
    </message>
    <message>
        <source>out</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>in</source>
        <translation>ein</translation>
    </message>
    <message>
        <source>Traffic per second</source>
        <translation>Datenverkehr pro Sekunde</translation>
    </message>
    <message>
        <source>Loop lag</source>
        <translation>Verzögerung der Schleife</translation>
    </message>
    <message>
        <source>%1 ms</source>
        <translation>%1 ms</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Largest rooms</source>
        <translation>Größte Räume</translation>
    </message>
    <message>
        <source>No rooms</source>
        <translation>Keine Räume</translation>
    </message>
    <message>
        <source>Nodes offline</source>
        <translation>Knoten offline</translation>
    </message>
    <message>
        <source>Every node that was ever seen is online</source>
        <translation>Jeder je gesehene Knoten ist online</translation>
    </message>
    <message>
        <source>Troubles since the start</source>
        <translation>Störungen seit dem Start</translation>
    </message>
    <message>
        <source>up for %1</source>
        <translation>läuft seit %1</translation>
    </message>
    <message>
        <source>%1 sockets in %2 rooms</source>
        <translation>%1 Sockets in %2 Räumen</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>nodes online of all</comment>
        <translation>%1 von %2</translation>
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
            <numerusform>%n Lauf aktiv</numerusform>
            <numerusform>%n Läufe aktiv</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 received per second</source>
        <translation>%1 empfangen pro Sekunde</translation>
    </message>
    <message>
        <source>Slow clients closed</source>
        <translation>Langsame Clients getrennt</translation>
    </message>
    <message>
        <source>Protocol errors</source>
        <translation>Protokollfehler</translation>
    </message>
    <message>
        <source>Ping timeouts</source>
        <translation>Ping-Zeitüberschreitungen</translation>
    </message>
    <message>
        <source>Refused connections</source>
        <translation>Abgelehnte Verbindungen</translation>
    </message>
    <message>
        <source>Log lines dropped</source>
        <translation>Verlorene Protokollzeilen</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>Übersicht</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::RoomsModel</name>
    <message>
        <source>Room</source>
        <translation>Raum</translation>
    </message>
    <message>
        <source>Members</source>
        <translation>Mitglieder</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>Ereignisse</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>Seit</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::RoomsPage</name>
    <message>
        <source>No rooms</source>
        <translation>Keine Räume</translation>
    </message>
    <message>
        <source>A room exists while somebody is in it.</source>
        <translation>Ein Raum besteht, solange jemand darin ist.</translation>
    </message>
    <message>
        <source>Send message…</source>
        <translation>Nachricht senden…</translation>
    </message>
    <message>
        <source>Send an event to everybody in this room</source>
        <translation>Ein Ereignis an alle in diesem Raum senden</translation>
    </message>
    <message>
        <source>Disconnect…</source>
        <translation>Trennen…</translation>
    </message>
    <message>
        <source>Close this client&apos;s connection</source>
        <translation>Die Verbindung dieses Clients schließen</translation>
    </message>
    <message>
        <source>Show client</source>
        <translation>Client anzeigen</translation>
    </message>
    <message>
        <source>Go to this client&apos;s row</source>
        <translation>Zur Zeile dieses Clients gehen</translation>
    </message>
    <message numerus="yes">
        <source>%n room(s)</source>
        <translation>
            <numerusform>%n Raum</numerusform>
            <numerusform>%n Räume</numerusform>
        </translation>
    </message>
    <message>
        <source>Namespace</source>
        <translation>Namensraum</translation>
    </message>
    <message>
        <source>Rooms</source>
        <translation>Räume</translation>
    </message>
    <message numerus="yes">
        <source>%n member(s)</source>
        <translation>
            <numerusform>%n Mitglied</numerusform>
            <numerusform>%n Mitglieder</numerusform>
        </translation>
    </message>
    <message>
        <source>Room</source>
        <translation>Raum</translation>
    </message>
    <message>
        <source>Open since</source>
        <translation>Offen seit</translation>
    </message>
    <message>
        <source>Events sent</source>
        <translation>Gesendete Ereignisse</translation>
    </message>
    <message>
        <source>Members</source>
        <translation>Mitglieder</translation>
    </message>
    <message>
        <source>in %1</source>
        <translation>in %1</translation>
    </message>
    <message>
        <source>Membership</source>
        <translation>Mitgliedschaft</translation>
    </message>
    <message>
        <source>Joined</source>
        <translation>Beigetreten</translation>
    </message>
    <message>
        <source>Socket</source>
        <translation>Socket</translation>
    </message>
    <message>
        <source>Session</source>
        <translation>Sitzung</translation>
    </message>
    <message>
        <source>Select a room to see who is in it.</source>
        <translation>Wählen Sie einen Raum, um zu sehen, wer darin ist.</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::SendDialog</name>
    <message>
        <source>Send to room</source>
        <translation>An Raum senden</translation>
    </message>
    <message numerus="yes">
        <source>Everybody in this room gets the message: %n member(s) now.</source>
        <translation>
            <numerusform>Alle in diesem Raum erhalten die Nachricht: derzeit %n Mitglied.</numerusform>
            <numerusform>Alle in diesem Raum erhalten die Nachricht: derzeit %n Mitglieder.</numerusform>
        </translation>
    </message>
    <message>
        <source>Send</source>
        <translation>Senden</translation>
    </message>
    <message>
        <source>Event</source>
        <translation>Ereignis</translation>
    </message>
    <message>
        <source>Arguments, as a JSON array</source>
        <translation>Argumente, als JSON-Array</translation>
    </message>
    <message>
        <source>This is not JSON yet.</source>
        <translation>Das ist noch kein JSON.</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::ServicesModel</name>
    <message>
        <source>registered</source>
        <translation>angemeldet</translation>
    </message>
    <message>
        <source>registering</source>
        <translation>meldet sich an</translation>
    </message>
    <message>
        <source>wanted</source>
        <translation>gewünscht</translation>
    </message>
    <message>
        <source>nobody wants it</source>
        <translation>will niemand</translation>
    </message>
    <message>
        <source>up</source>
        <comment>of the bus</comment>
        <translation>verbunden</translation>
    </message>
    <message>
        <source>blocked</source>
        <comment>of the bus</comment>
        <translation>blockiert</translation>
    </message>
    <message>
        <source>connecting</source>
        <comment>of the bus</comment>
        <translation>verbindet sich</translation>
    </message>
    <message>
        <source>service</source>
        <translation>Dienst</translation>
    </message>
    <message>
        <source>type</source>
        <comment>of message</comment>
        <translation>Typ</translation>
    </message>
    <message>
        <source>everything</source>
        <translation>alles</translation>
    </message>
    <message>
        <source>Service or type</source>
        <translation>Dienst oder Typ</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Waiting</source>
        <comment>messages or calls nobody has dealt with</comment>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Dead</source>
        <comment>letters</comment>
        <translation>Tot</translation>
    </message>
    <message>
        <source>Wants, or wanted by</source>
        <translation>Will, oder gewünscht von</translation>
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
        <translation>Dienste</translation>
    </message>
    <message>
        <source>Types</source>
        <translation>Typen</translation>
    </message>
    <message>
        <source>Unhandled</source>
        <translation>Unbehandelt</translation>
    </message>
    <message>
        <source>No services yet</source>
        <translation>Noch keine Dienste</translation>
    </message>
    <message>
        <source>Services appear here when they register, types when somebody wants or sends them.</source>
        <translation>Dienste erscheinen hier, sobald sie sich anmelden, Typen, sobald jemand sie will oder sendet.</translation>
    </message>
    <message>
        <source>Show client</source>
        <translation>Client anzeigen</translation>
    </message>
    <message>
        <source>Go to this service&apos;s connection</source>
        <translation>Zur Verbindung dieses Dienstes</translation>
    </message>
    <message>
        <source>Disconnect…</source>
        <translation>Trennen…</translation>
    </message>
    <message>
        <source>Close this service&apos;s connection</source>
        <translation>Die Verbindung dieses Dienstes schließen</translation>
    </message>
    <message>
        <source>Bus</source>
        <translation>Bus</translation>
    </message>
    <message>
        <source>what joins services and servers</source>
        <translation>was Dienste und Server verbindet</translation>
    </message>
    <message>
        <source>Under way</source>
        <translation>Unterwegs</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>Anfragen</translation>
    </message>
    <message>
        <source>Calls</source>
        <translation>Aufrufe</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>Nachrichten</translation>
    </message>
    <message>
        <source>In the outbox</source>
        <translation>Im Postausgang</translation>
    </message>
    <message>
        <source>Since the start</source>
        <translation>Seit dem Start</translation>
    </message>
    <message>
        <source>Nobody there</source>
        <translation>Niemand da</translation>
    </message>
    <message>
        <source>Dead letters</source>
        <translation>Unzustellbar</translation>
    </message>
    <message>
        <source>This server</source>
        <translation>Dieser Server</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Service</source>
        <translation>Dienst</translation>
    </message>
    <message>
        <source>Wants</source>
        <translation>Will</translation>
    </message>
    <message>
        <source>everything</source>
        <translation>alles</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>Queues</source>
        <translation>Warteschlangen</translation>
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
        <translation>Sitzung</translation>
    </message>
    <message>
        <source>Calls to it</source>
        <translation>Aufrufe</translation>
    </message>
    <message>
        <source>Its requests</source>
        <translation>Eigene Anfragen</translation>
    </message>
    <message>
        <source>Connection</source>
        <translation>Verbindung</translation>
    </message>
    <message>
        <source>Type of message</source>
        <translation>Nachrichtentyp</translation>
    </message>
    <message>
        <source>Wanted by</source>
        <translation>Gewünscht von</translation>
    </message>
    <message>
        <source>who wants everything</source>
        <translation>wer alles will</translation>
    </message>
    <message>
        <source>nobody</source>
        <translation>niemand</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Select a service or a type to see what it wants and what waits.</source>
        <translation>Wähle einen Dienst oder einen Typ, um zu sehen, was er will und was wartet.</translation>
    </message>
</context>
<context>
    <name>gatehouse::gui::TasksModel</name>
    <message>
        <source>Task %1</source>
        <translation>Aufgabe %1</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <comment>finished runs of all runs</comment>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>Aufgabe</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>Status</translation>
    </message>
    <message>
        <source>Runs done</source>
        <translation>Läufe fertig</translation>
    </message>
    <message>
        <source>Collaboration</source>
        <translation>Kollaboration</translation>
    </message>
    <message>
        <source>Started by</source>
        <translation>Gestartet von</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>Erstellt</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>Dauer</translation>
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
        <translation>Offen</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>No tasks yet</source>
        <translation>Noch keine Aufgaben</translation>
    </message>
    <message>
        <source>A task appears here as soon as a user creates one.</source>
        <translation>Eine Aufgabe erscheint hier, sobald ein Benutzer eine erstellt.</translation>
    </message>
    <message>
        <source>Kill task…</source>
        <translation>Aufgabe beenden…</translation>
    </message>
    <message>
        <source>Tell the nodes to stop this task</source>
        <translation>Die Knoten diese Aufgabe beenden lassen</translation>
    </message>
    <message>
        <source>%1 open</source>
        <comment>tasks</comment>
        <translation>%1 offen</translation>
    </message>
    <message>
        <source>Task %1</source>
        <translation>Aufgabe %1</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>Aufgabe</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>Erstellt</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>Beendet</translation>
    </message>
    <message>
        <source>not yet</source>
        <translation>noch nicht</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>Image</translation>
    </message>
    <message>
        <source>Belongs to</source>
        <translation>Gehört zu</translation>
    </message>
    <message>
        <source>Started by</source>
        <translation>Gestartet von</translation>
    </message>
    <message>
        <source>Organization</source>
        <translation>Organisation</translation>
    </message>
    <message>
        <source>Collaboration</source>
        <translation>Kollaboration</translation>
    </message>
    <message>
        <source>Job</source>
        <translation>Job</translation>
    </message>
    <message>
        <source>Parent task</source>
        <translation>Übergeordnete Aufgabe</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Run %1 of task %2</source>
        <translation>Lauf %1 von Aufgabe %2</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Knoten</translation>
    </message>
    <message>
        <source>Assigned</source>
        <translation>Zugewiesen</translation>
    </message>
    <message>
        <source>Started</source>
        <translation>Gestartet</translation>
    </message>
    <message>
        <source>Waited</source>
        <translation>Gewartet</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>Status</translation>
    </message>
    <message>
        <source>Select a task or a run to see its times and where it runs.</source>
        <translation>Wählen Sie eine Aufgabe oder einen Lauf, um Zeiten und Ort zu sehen.</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>Aufgaben</translation>
    </message>
</context>
</TS>
