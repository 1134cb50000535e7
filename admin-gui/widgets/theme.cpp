// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/theme.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QFont>
#include <QStyleFactory>
#include <QTemporaryDir>

#include <array>
#include <utility>

namespace gatehouse::gui {

namespace {

const Theme* s_current = nullptr;

Theme makeLight()
{
    Theme t;
    t.isDark = false;
    t.window = 0xf4f5f7;
    t.sidebar = 0xeceef2;
    t.base = 0xffffff;
    t.raised = 0xffffff;
    t.alternate = 0xfafbfc;
    t.border = 0xdfe3e8;
    t.borderStrong = 0xc8ced6;
    t.text = 0x1b2430;
    t.muted = 0x5b6673;
    t.faint = 0x8893a0;
    t.accent = 0x2a63d4;
    t.accentHover = 0x2156be;
    t.accentFill = 0xe2ebfc;
    t.accentInk = 0x1f55bf;
    t.accentText = 0xffffff;
    t.selection = 0xdbe7fd;
    t.hover = 0xe6e9ee;
    t.pressed = 0xd9dde4;
    t.scroll = 0xc3c9d1;
    t.highlight = 0xffe68a;
    t.good = 0x14803c;
    t.busy = 0x1f5fc4;
    t.warning = 0xa15c00;
    t.bad = 0xc02626;
    t.badStrong = 0xc02626;
    return t;
}

Theme makeDark()
{
    Theme t;
    t.isDark = true;
    t.window = 0x15181d;
    t.sidebar = 0x111419;
    t.base = 0x1a1e24;
    t.raised = 0x232932;
    t.alternate = 0x1d2128;
    t.border = 0x2b323c;
    t.borderStrong = 0x3a434f;
    t.text = 0xe3e7ed;
    t.muted = 0x97a2b0;
    t.faint = 0x6f7b89;
    t.accent = 0x3f7ff0;
    t.accentHover = 0x5a92f5;
    t.accentFill = 0x20314f;
    t.accentInk = 0x8db6ff;
    t.accentText = 0xffffff;
    t.selection = 0x24395c;
    t.hover = 0x262c35;
    t.pressed = 0x2f3742;
    t.scroll = 0x3d4653;
    t.highlight = 0x6b5a16;
    t.good = 0x4cc777;
    t.busy = 0x6ea8ff;
    t.warning = 0xe5a84b;
    t.bad = 0xff7b72;
    t.badStrong = 0xb3352e;
    return t;
}

QColor mixed(const QColor& a, const QColor& b, double share)
{
    const auto mix = [share](int x, int y) { return int(x * share + y * (1 - share)); };
    return QColor(mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue()));
}

/// Style sheets can load pictures only from files, and the small arrows have to follow the theme.
QString pictureFile(const QString& name, const QColor& color, double rotation, const QString& line)
{
    static const QTemporaryDir folder;
    const QString path = folder.filePath(name % color.name().mid(1) % QStringLiteral(".svg"));
    QFile file(path);
    if (file.exists() || !file.open(QIODevice::WriteOnly))
        return path;
    const QString svg = QStringLiteral(
        "<svg xmlns='http://www.w3.org/2000/svg' width='24' height='24' viewBox='0 0 24 24' "
        "fill='none' stroke='%1' stroke-width='2.5' stroke-linecap='round' "
        "stroke-linejoin='round'><g transform='rotate(%2 12 12)'><path d='%3'/></g></svg>")
                            .arg(color.name())
                            .arg(rotation)
                            .arg(line);
    file.write(svg.toUtf8());
    return path;
}

QString arrowFile(const QString& name, const QColor& color, double rotation)
{
    return pictureFile(name, color, rotation, QStringLiteral("M6 9.5l6 6 6-6"));
}

} // namespace

const Theme& Theme::light()
{
    static const Theme theme = makeLight();
    return theme;
}

const Theme& Theme::dark()
{
    static const Theme theme = makeDark();
    return theme;
}

const Theme& Theme::current()
{
    return s_current ? *s_current : light();
}

void Theme::apply(QApplication& application, Scheme scheme)
{
    static const bool systemIsDark
        = QApplication::palette().color(QPalette::Window).lightness() < 128;
    const bool dark = scheme == Scheme::Dark || (scheme == Scheme::System && systemIsDark);
    s_current = dark ? &Theme::dark() : &light();
    application.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    application.setPalette(s_current->palette());
    application.setStyleSheet(s_current->styleSheet());
}

QColor Theme::ink(Tone tone) const
{
    switch (tone) {
    case Tone::Neutral:
        return text;
    case Tone::Good:
        return good;
    case Tone::Busy:
        return busy;
    case Tone::Warning:
        return warning;
    case Tone::Bad:
        return bad;
    case Tone::Dim:
        return muted;
    }
    return text;
}

QColor Theme::fill(Tone tone) const
{
    const double share = isDark ? 0.18 : 0.12;
    return mixed(tone == Tone::Neutral ? muted : ink(tone), base, share);
}

QColor Theme::series(int number) const
{
    static const std::array<QColor, 4> lightSeries{
        QColor(0x2a63d4), QColor(0xd9730d), QColor(0x0f8a6d), QColor(0x8a4fc7)};
    static const std::array<QColor, 4> darkSeries{
        QColor(0x6ea8ff), QColor(0xf0a04b), QColor(0x4fd1b0), QColor(0xc09bf2)};
    const auto& colors = isDark ? darkSeries : lightSeries;
    return colors[size_t(number) % colors.size()];
}

QPalette Theme::palette() const
{
    QPalette p;
    p.setColor(QPalette::Window, window);
    p.setColor(QPalette::WindowText, text);
    p.setColor(QPalette::Base, base);
    p.setColor(QPalette::AlternateBase, alternate);
    p.setColor(QPalette::Text, text);
    p.setColor(QPalette::PlaceholderText, faint);
    p.setColor(QPalette::Button, raised);
    p.setColor(QPalette::ButtonText, text);
    p.setColor(QPalette::BrightText, bad);
    p.setColor(QPalette::Highlight, accent);
    p.setColor(QPalette::HighlightedText, accentText);
    p.setColor(QPalette::ToolTipBase, raised);
    p.setColor(QPalette::ToolTipText, text);
    p.setColor(QPalette::Link, accentInk);
    p.setColor(QPalette::LinkVisited, accentInk);
    p.setColor(QPalette::Light, mixed(text, raised, 0.06));
    p.setColor(QPalette::Midlight, mixed(text, raised, 0.10));
    p.setColor(QPalette::Mid, borderStrong);
    p.setColor(QPalette::Dark, mixed(text, window, isDark ? 0.04 : 0.35));
    p.setColor(QPalette::Shadow, isDark ? QColor(Qt::black) : QColor(0x9aa3ad));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, faint);
    p.setColor(QPalette::Disabled, QPalette::Highlight, hover);
    p.setColor(QPalette::Disabled, QPalette::HighlightedText, faint);
    return p;
}

QString Theme::styleSheet() const
{
    QFile file(QStringLiteral(":/styles/console.qss"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QString sheet = QString::fromUtf8(file.readAll());
    const std::pair<const char*, QString> words[] = {
        // A name that begins with another one's comes first.
        {"@accentHover", accentHover.name()},
        {"@accentFill", accentFill.name()},
        {"@accentInk", accentInk.name()},
        {"@accentText", accentText.name()},
        {"@accent", accent.name()},
        {"@alternate", alternate.name()},
        {"@badBorder", mixed(bad, base, 0.5).name()},
        {"@badFill", fill(Tone::Bad).name()},
        {"@badStrong", badStrong.name()},
        {"@bad", bad.name()},
        {"@base", base.name()},
        {"@borderStrong", borderStrong.name()},
        {"@border", border.name()},
        {"@branchClosed", arrowFile(QStringLiteral("closed"), muted, -90)},
        {"@checkmark",
            pictureFile(
                QStringLiteral("check"), accentText, 0, QStringLiteral("M5 12.5l5 5L19 7.5"))},
        {"@chevron", arrowFile(QStringLiteral("down"), muted, 0)},
        {"@faint", faint.name()},
        {"@hover", hover.name()},
        {"@muted", muted.name()},
        {"@pressed", pressed.name()},
        {"@raised", raised.name()},
        {"@scroll", scroll.name()},
        {"@selection", selection.name()},
        {"@sidebar", sidebar.name()},
        {"@text", text.name()},
        {"@window", window.name()},
    };
    for (const auto& [word, value] : words)
        sheet.replace(QLatin1StringView(word), value);
    return sheet;
}

} // namespace gatehouse::gui
