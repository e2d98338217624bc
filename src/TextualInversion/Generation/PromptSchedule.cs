using System.Globalization;
using System.Text;

namespace TextualInversion.Generation;

/// <summary>
/// Prompts that change during generation, in the syntax of the AUTOMATIC1111 WebUI
/// (https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features#prompt-editing): <c>[a:b:0.5]</c> is a for
/// half of the steps and then b, <c>[b:10]</c> adds b after step 10, <c>[a::10]</c> removes a after step 10, and
/// <c>[a|b]</c> alternates between a and b at every step. They may be nested.
/// </summary>
internal static class PromptSchedule
{
    private const int DeepestNesting = 100;

    /// <summary>Refuses brackets that are nested too deeply.</summary>
    /// <exception cref="TextualInversionException">More than 100 brackets are nested.</exception>
    public static void RequireShallow(string prompt)
    {
        var depth = 0;
        for (var i = 0; i < prompt.Length; i++)
        {
            if (prompt[i] == '\\')
                i++;
            else if (prompt[i] == '[' && ++depth > DeepestNesting)
                throw new TextualInversionException(
                    $"The prompt has more than {DeepestNesting} square brackets within each other; take some out, or "
                        + "write \\[ where one is meant as text."
                );
            else if (prompt[i] == ']')
                depth = Math.Max(0, depth - 1);
        }
    }

    /// <summary>The prompt of each step. Steps with equal prompts share one string.</summary>
    /// <param name="prompt">The prompt. Brackets for weights are left in place.</param>
    /// <param name="steps">The number of steps.</param>
    /// <exception cref="TextualInversionException">See <see cref="RequireShallow"/>.</exception>
    public static IReadOnlyList<string> Of(string prompt, int steps)
    {
        if (!prompt.Contains('['))
            return [.. Enumerable.Repeat(prompt, steps)];
        RequireShallow(prompt);
        var known = new Dictionary<string, string>();
        var prompts = new List<string>();
        for (var step = 1; step <= steps; step++)
        {
            var text = At(prompt, step, steps);
            if (!known.TryGetValue(text, out var shared))
                known[text] = shared = text;
            prompts.Add(shared);
        }

        return prompts;
    }

    /// <summary>The prompt of one step.</summary>
    /// <param name="prompt">The prompt, or a part of it.</param>
    /// <param name="step">The step, counted from 1.</param>
    /// <param name="steps">The number of steps.</param>
    private static string At(string prompt, int step, int steps)
    {
        var text = new StringBuilder();
        for (var i = 0; i < prompt.Length; )
        {
            if (prompt[i] == '\\' && i + 1 < prompt.Length)
            {
                text.Append(prompt, i, 2);
                i += 2;
            }
            else if (prompt[i] == '[' && ClosingBracket(prompt, i) is { } end)
            {
                text.Append(InBrackets(prompt[(i + 1)..end], step, steps));
                i = end + 1;
            }
            else
            {
                text.Append(prompt[i++]);
            }
        }

        return text.ToString();
    }

    private static string InBrackets(string content, int step, int steps)
    {
        var options = Split(content, '|');
        if (options.Count > 1)
            return At(options[(step - 1) % options.Count], step, steps);
        var parts = Split(content, ':');
        if (parts.Count is not (2 or 3) || LastStep(parts[^1], steps) is not { } last)
            return $"[{At(content, step, steps)}]"; // brackets that only change the weight
        var before = parts.Count == 3 ? parts[0] : "";
        return At(step <= last ? before : parts[^2], step, steps);
    }

    /// <summary>
    /// The last step before the change. A number with a decimal point is a share of all steps. Null if the text is not
    /// a number.
    /// </summary>
    private static double? LastStep(string text, int steps)
    {
        var isNumber = double.TryParse(
            text.Trim(),
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out var number
        );
        if (!isNumber)
            return null;
        return Math.Floor(text.Contains('.') ? number * steps : number);
    }

    private static int? ClosingBracket(string text, int start)
    {
        var depth = 0;
        for (var i = start; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '[')
                depth++;
            else if (text[i] == ']' && --depth == 0)
                return i;
        }

        return null;
    }

    /// <summary>The parts between separators that are outside brackets.</summary>
    private static List<string> Split(string text, char separator)
    {
        var parts = new List<string>();
        var (begin, depth) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] is '[' or '(')
                depth++;
            else if (text[i] is ']' or ')')
                depth--;
            else if (text[i] == separator && depth == 0)
            {
                parts.Add(text[begin..i]);
                begin = i + 1;
            }
        }

        parts.Add(text[begin..]);
        return parts;
    }
}
