using System.Text;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Tasks;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>Ollama's Modelfile: an instruction a line, texts in quotes, without any way to escape one.</summary>
internal static partial class Modelfile
{
    public const string FileName = "Modelfile";

    /// <summary>The template under which Ollama sends a prompt as it is.</summary>
    public const string RawTemplate = "{{ .Prompt }}";

    private const string Triple = "\"\"\"";

    /// <summary>Whether a text can be written so that Ollama reads it as it is.</summary>
    /// <remarks>Its parser drops characters that cannot be printed, and a quotation mark ends a quotation.</remarks>
    public static bool CanQuote(string text) =>
        text.Length > 0 && !text.Contains('"', StringComparison.Ordinal) && text.EnumerateRunes().All(
            rune => !Rune.IsControl(rune) && rune.Value != 0xFFFD);

    /// <summary>The template that writes a frame around a prompt, or null when a file cannot hold it.</summary>
    /// <remarks>Three quotation marks end a template, and braces are its own language.</remarks>
    public static string? Template(PromptFrame frame)
    {
        string[] reserved = [Triple, "{{", "}}"];
        var template = frame.Wrap(RawTemplate);
        var isSafe = !reserved.Any(
            mark => frame.Before.Contains(mark, StringComparison.Ordinal) || frame.After.Contains(mark, StringComparison.Ordinal))
            && !frame.Before.EndsWith('{') && !frame.After.StartsWith('}') && !frame.Before.StartsWith('"') && !frame.After.EndsWith('"');
        return isSafe && template.EnumerateRunes().All(
            rune => rune.Value is '\n' or '\t' || (!Rune.IsControl(rune) && rune.Value != 0xFFFD)) ? template : null;
    }

    /// <summary>The text of a file.</summary>
    /// <param name="template">The template; null leaves it to Ollama.</param>
    /// <param name="stops">Texts that end a generation.</param>
    /// <param name="parameters">Further parameters.</param>
    public static string Text(string? template, IEnumerable<string> stops, IEnumerable<(string Name, string Value)> parameters)
    {
        var text = new StringBuilder($"FROM ./{GgufFiles.Model}\n");
        if (template is not null)
        {
            // No begin token: the file's add_bos_token puts it there, and two would be one too many.
            text.Append($"TEMPLATE {Triple}{template}{Triple}\n");
        }

        foreach (var stop in stops)
        {
            text.Append($"PARAMETER stop \"{stop}\"\n");
        }

        foreach (var (name, value) in parameters)
        {
            text.Append($"PARAMETER {name} {value}\n");
        }

        return text.ToString();
    }

    /// <summary>Reads a file's template and gives what it makes of a prompt.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The rendering; of a file without a template, of the prompt itself.</returns>
    /// <exception cref="FileFormatException">The file cannot be read, or its template holds more than the prompt.</exception>
    public static Func<string, string> Renderer(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileFormatException($"'{path}' cannot be read: {error.Message}", error);
        }

        var found = TemplateLine().Match(text);
        if (!found.Success)
        {
            return prompt => prompt;
        }

        var parts = Placeholder().Split(found.Groups["template"].Value);
        return parts.Any(part => part.Contains("{{", StringComparison.Ordinal)) || parts.Length != 2
            ? throw new FileFormatException($"'{path}': the template is to hold {RawTemplate} once and nothing else in braces.")
            : prompt => parts[0] + prompt + parts[1];
    }

    [GeneratedRegex("""^\s*TEMPLATE\s+\"{3}(?<template>.*?)\"{3}""", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TemplateLine();

    [GeneratedRegex(@"\{\{\s*\.Prompt\s*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
