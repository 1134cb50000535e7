// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/icons.h"

#include "admin-gui/widgets/theme.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

namespace gatehouse::gui {

namespace {

QByteArray svgOf(const QString& name)
{
    static QHash<QString, QByteArray> known;
    const auto found = known.constFind(name);
    if (found != known.constEnd())
        return *found;
    QFile file(QStringLiteral(":/icons/") % name % QStringLiteral(".svg"));
    const QByteArray svg = file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    known.insert(name, svg);
    return svg;
}

QPixmap pixmapOf(const QString& name, const QColor& color, QSize pixels)
{
    const QString key = name % color.name(QColor::HexArgb) % QString::number(pixels.width()) % u'x'
        % QString::number(pixels.height());
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    pixmap = QPixmap(pixels);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    QSvgRenderer renderer(svgOf(name).replace("currentColor", color.name().toLatin1()));
    const qreal side = std::min(pixels.width(), pixels.height());
    renderer.render(
        &painter, QRectF((pixels.width() - side) / 2, (pixels.height() - side) / 2, side, side));
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

class ThemedIconEngine final : public QIconEngine
{
public:
    ThemedIconEngine(QString name, QColor color) : m_name(std::move(name)), m_color(color) { }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override
    {
        paintIcon(*painter, rect, m_name, color(mode, state));
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        return pixmapOf(m_name, color(mode, state), size);
    }

    QIconEngine* clone() const override { return new ThemedIconEngine(m_name, m_color); }
    bool isNull() override { return svgOf(m_name).isEmpty(); }

private:
    QColor color(QIcon::Mode mode, QIcon::State state) const
    {
        const Theme& theme = Theme::current();
        if (mode == QIcon::Disabled)
            return theme.faint;
        if (m_color.isValid())
            return m_color;
        return state == QIcon::On ? theme.accentInk : theme.text;
    }

    QString m_name;
    QColor m_color;
};

} // namespace

QIcon themedIcon(const QString& name)
{
    return themedIcon(name, QColor());
}

QIcon themedIcon(const QString& name, const QColor& color)
{
    return QIcon(new ThemedIconEngine(name, color));
}

void paintIcon(QPainter& painter, const QRectF& rect, const QString& name, const QColor& color)
{
    const qreal ratio = painter.device()->devicePixelRatioF();
    QPixmap pixmap = pixmapOf(name, color, (rect.size() * ratio).toSize());
    pixmap.setDevicePixelRatio(ratio);
    painter.drawPixmap(rect.topLeft(), pixmap);
}

} // namespace gatehouse::gui
