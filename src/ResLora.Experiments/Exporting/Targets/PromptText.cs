using ResLora.Text.Data.Tasks;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>The prompt of a command line: three dots for the user's text, in the frame that training wrote around it.</summary>
internal static class PromptText
{
    private const string Dots = "...";

    /// <summary>As an argument of llama.cpp's tools, which read <c>\n</c> as a line break.</summary>
    public static string ForLlamaCpp(ExportSource source) => Framed(source) is { } prompt
        ? $"'{Escaped(prompt).Replace("'", "'\\''", StringComparison.Ordinal)}'"
        : $"\"{Dots}\"";

    /// <summary>As an argument of any tool, in the quotes in which bash and zsh read <c>\n</c> as a line break.</summary>
    public static string ForShell(ExportSource source) => Framed(source) is { } prompt
        ? $"$'{Escaped(prompt).Replace("'", "\\'", StringComparison.Ordinal)}'"
        : $"\"{Dots}\"";

    private static string? Framed(ExportSource source) =>
        source.Prompt?.Frame is { } frame && frame != PromptFrame.None ? frame.Wrap(Dots) : null;

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal)
        .Replace("\t", "\\t", StringComparison.Ordinal)
        .Replace("\r", "\\r", StringComparison.Ordinal);
}
