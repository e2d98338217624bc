using System.Net;

namespace TextualInversion.Cli.Html;

/// <summary>What all pages have: one file that needs no other and no network, readable on a phone, in light and dark.</summary>
internal static class HtmlPage
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #16191e; --paper: #fff; --card: #f6f7f9; --soft: #5b6470; --line: #dfe3e8; --accent: #1a6fd4; --warn: #a14a00; --dot: #5b6470;
          --s0: #1a6fd4; --s1: #d2571c; --s2: #12885c; --s3: #a93a96; --s4: #8a6a00; --s5: #5a55cf; --s6: #00808f; --s7: #bf3049; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e9ecf0; --paper: #101317; --card: #181c22; --soft: #a0a9b4; --line: #313843; --accent: #5aa5ff; --warn: #ffb066; --dot: #76808c;
          --s0: #5aa5ff; --s1: #ff9360; --s2: #4fcb97; --s3: #e687d5; --s4: #d8b73c; --s5: #a3a0ff; --s6: #4fc8d6; --s7: #ff7d91; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 78rem; font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; color: var(--ink); background: var(--paper); }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .6rem; } h3 { font-size: .95rem; font-weight: 600; margin: .9rem 0 .3rem; } p { margin: .5rem 0; }
        .soft { color: var(--soft); } .warn { color: var(--warn); } .keep { border-left: 4px solid var(--accent); padding-left: .8rem; margin: 1rem 0; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
        th { color: var(--soft); font-weight: 600; font-size: .85rem; } svg { display: block; width: 100%; height: auto; } svg text { fill: var(--soft); } svg .grid { stroke: var(--line); } svg .limit { stroke: var(--soft); stroke-dasharray: 5 4; }
        """;

    /// <param name="title">as text</param>
    /// <param name="style">of this kind of page</param>
    /// <param name="body">as HTML</param>
    public static string Write(string title, string style, string body) =>
        $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{Text(title)}</title><link rel=\"icon\" href=\"data:,\"><style>\n{Style}\n{style}\n</style></head><body>\n{body}</body></html>\n";

    /// <summary>Text as HTML, also inside quotes.</summary>
    public static string Text(string? text) => WebUtility.HtmlEncode(text) ?? "";
}
