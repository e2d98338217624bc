using System.Globalization;
using System.Text.RegularExpressions;

namespace TextualInversion.Generation;

/// <summary>A part of a prompt whose tokens have the same weight.</summary>
/// <param name="Text">The text without brackets and escapes.</param>
/// <param name="Weight">The weight; 1 if none is given.</param>
/// <param name="IsBreak">Whether a new chunk begins here; then there is no text.</param>
internal sealed record PromptPart(string Text, double Weight, bool IsBreak = false);

/// <summary>
/// Parses weights in prompts, in the syntax of the AUTOMATIC1111 WebUI
/// (https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features#attentionemphasis): <c>(a)</c> has the weight
/// 1.1, <c>((a))</c> 1.21, <c>[a]</c> 1/1.1, <c>(a:1.3)</c> 1.3. <c>\(</c> is a literal parenthesis. <c>BREAK</c>
/// begins a new chunk. An unclosed bracket extends to the end; an unmatched closing bracket is text.
/// </summary>
internal static partial class PromptSyntax
{
    private const double Step = 1.1;
    private const double LargestWeight = 1000;

    /// <returns>The parts in order. Neighbors of the same weight are merged.</returns>
    /// <exception cref="TextualInversionException">A weight is too large.</exception>
    public static IReadOnlyList<PromptPart> Parse(string prompt)
    {
        var parts = new List<PromptPart>();
        Stack<int> round = new(),
            square = new(); // where the part after each open bracket begins
        foreach (Match match in Marks().Matches(prompt))
        {
            var mark = match.Value;
            if (mark[0] == '\\')
                parts.Add(new PromptPart(mark[1..], 1));
            else if (mark == "(")
                round.Push(parts.Count);
            else if (mark == "[")
                square.Push(parts.Count);
            else if (mark == ")" && round.TryPop(out var begin))
                Weigh(begin, Step);
            else if (mark == "]" && square.TryPop(out begin))
                Weigh(begin, 1 / Step);
            else if (TryNumber(match, out var weight) && round.TryPop(out begin))
                Weigh(begin, weight);
            else
                AddText(mark);
        }

        foreach (var begin in round)
            Weigh(begin, Step);
        foreach (var begin in square)
            Weigh(begin, 1 / Step);
        if (parts.Find(part => Math.Abs(part.Weight) > LargestWeight) is { } wrong)
            throw new TextualInversionException(
                FormattableString.Invariant(
                    $"The prompt gives \"{wrong.Text.Trim()}\" the weight {wrong.Weight:G6}; choose one such as 1.3."
                )
            );
        return Merge(parts);

        void Weigh(int begin, double factor)
        {
            for (var i = begin; i < parts.Count; i++)
                parts[i] = parts[i] with { Weight = parts[i].Weight * factor };
        }

        void AddText(string text)
        {
            foreach (var (index, stretch) in Break().Split(text).Index())
            {
                if (index > 0)
                    parts.Add(new PromptPart("", 1, IsBreak: true));
                parts.Add(new PromptPart(stretch, 1));
            }
        }
    }

    private static bool TryNumber(Match match, out double number)
    {
        number = 0;
        return match.Groups["weight"] is { Success: true } group
            && double.TryParse(group.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }

    private static List<PromptPart> Merge(List<PromptPart> parts)
    {
        var merged = new List<PromptPart>();
        foreach (var part in parts)
        {
            if (
                merged.Count > 0
                && merged[^1] is { IsBreak: false } last
                && !part.IsBreak
                && last.Weight == part.Weight
            )
                merged[^1] = last with { Text = last.Text + part.Text };
            else
                merged.Add(part);
        }

        return merged;
    }

    [GeneratedRegex(@"\\[()\[\]\\]|\\|[()\[\]]|:\s*(?<weight>[+-]?[.0-9]+)\s*\)|[^\\()\[\]:]+|:")]
    private static partial Regex Marks();

    [GeneratedRegex(@"\s*\bBREAK\b\s*")]
    private static partial Regex Break();
}
