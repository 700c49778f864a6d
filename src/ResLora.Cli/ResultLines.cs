using System.Text.Json;
using ResLora.Formats.Files;

namespace ResLora.Cli;

/// <summary>
/// Results that are a JSON object each. They go to standard output as lines, each when it is there; or, all at the end, into a file that is
/// whole or not there; or into the one document of <c>--json</c>.
/// </summary>
/// <param name="context">The command's context.</param>
/// <param name="file">The file; null for none.</param>
internal sealed class ResultLines<T>(CommandContext context, string? file)
{
    private static readonly JsonSerializerOptions _line = new(CommandContext.Json) { WriteIndented = false };

    private readonly List<T> _kept = [];

    /// <summary>Whether lines go to standard output.</summary>
    public bool Streams => file is null && !context.IsJson;

    /// <summary>Takes the next result.</summary>
    /// <param name="result">The result.</param>
    public void Add(T result)
    {
        if (Streams)
        {
            context.Streams.Output.WriteLine(Line(result));
        }
        else
        {
            _kept.Add(result);
        }
    }

    /// <summary>Writes what was kept; of several processes number 0 writes the file.</summary>
    /// <param name="noun">What the results are, a plural.</param>
    /// <param name="document">The document of <c>--json</c>, from the results, or null where they are in the file.</param>
    public void End(string noun, Func<IReadOnlyList<T>?, object> document)
    {
        if (file is not null && context.Ranks.Rank == 0)
        {
            AtomicFile.WriteText(file, string.Concat(_kept.Select(result => Line(result) + "\n")));
            context.Log($"{_kept.Count} {noun} are in {file}.");
        }

        if (context.IsJson)
        {
            context.Result(document(file is null ? _kept : null), _ => { });
        }
    }

    private static string Line(T result) => JsonSerializer.Serialize(result, _line);
}
