namespace TextualInversion.Cli.Html;

/// <summary>
/// A page that is one file: it needs no other file and no network. It is readable on a phone, in light and dark mode.
/// </summary>
internal static class HtmlPage
{
    /// <param name="title">The title of the window.</param>
    /// <param name="body">What the page shows.</param>
    /// <param name="styles">The names of its stylesheets, see <see cref="Stylesheet"/>.</param>
    public static string Write(string title, Markup body, params IEnumerable<string> styles) =>
        Markup
            .Of(
                $"""
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>{title}</title>
                <link rel="icon" href="data:,">
                <style>
                {styles.Prepend("page.css").Select(Stylesheet.Read)}
                </style>
                </head>
                <body>
                {body}
                </body>
                </html>

                """
            )
            .ToString();
}
