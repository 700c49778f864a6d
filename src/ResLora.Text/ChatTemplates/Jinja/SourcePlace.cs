namespace ResLora.Text.ChatTemplates.Jinja;

/// <summary>A place in a template.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The character in it, from 1.</param>
internal readonly record struct SourcePlace(int Line, int Column);
