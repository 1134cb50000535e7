// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"

#include <QColor>
#include <QPalette>
#include <QString>

class QApplication;

namespace gatehouse::gui {

enum class Scheme { System, Light, Dark };

/// The colours of the window, in two sets. Widgets that paint themselves ask Theme::current() while
/// painting, so a change needs no more than a repaint.
class Theme
{
public:
    static const Theme& current();
    static const Theme& light();
    static const Theme& dark();

    /// Sets style, palette and style sheet of the application. System follows the desktop's palette
    /// at the time of the call (Qt 6.4 tells no more).
    static void apply(QApplication& application, Scheme scheme);

    bool isDark = false;
    QColor window;
    QColor sidebar;
    QColor base;
    QColor raised;
    QColor alternate;
    QColor border;
    QColor borderStrong;
    QColor text;
    QColor muted;
    QColor faint;
    QColor accent;
    QColor accentHover;
    QColor accentFill;
    QColor accentInk; ///< accent as text on `base`
    QColor accentText; ///< text on accent
    QColor selection;
    QColor hover;
    QColor pressed;
    QColor scroll;
    QColor highlight; ///< behind a search match
    QColor good;
    QColor busy;
    QColor warning;
    QColor bad;
    QColor badStrong;

    QColor ink(Tone tone) const; ///< text and dots
    QColor fill(Tone tone) const; ///< a tint to put behind that ink
    QColor series(int number) const; ///< lines of a chart, told apart also without colour vision
    QPalette palette() const;
    QString styleSheet() const;
};

} // namespace gatehouse::gui
