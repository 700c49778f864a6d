using System.Text.RegularExpressions;
using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Tasks;

/// <summary>A task whose answers are found by a pattern, in what is generated as in what is right.</summary>
/// <param name="inner">The task.</param>
/// <param name="pattern">Finds the answer: its first group, or all of it where it has none. Of several matches the last one counts.</param>
public sealed class PatternTask(ITask inner, Regex pattern) : ITask
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public string Summary => inner.Summary;

    /// <inheritdoc/>
    public IReadOnlyList<string> Columns => inner.Columns;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> GuessedColumns => inner.GuessedColumns;

    /// <inheritdoc/>
    public PromptFrame? Frame => inner.Frame;

    /// <summary>The task with a pattern, or as it is without one.</summary>
    /// <param name="task">The task.</param>
    /// <param name="pattern">A regular expression of .NET; null for none.</param>
    /// <returns>The task.</returns>
    /// <exception cref="ConfigException">The pattern is not one.</exception>
    public static ITask With(ITask task, string? pattern) =>
        pattern is null ? task
        : Problem(pattern) is { } problem ? throw new ConfigException($"{problem}.")
        : new PatternTask(task, Compile(pattern));

    /// <summary>Why a pattern cannot be used, a phrase; null when it can.</summary>
    /// <param name="pattern">The pattern.</param>
    public static string? Problem(string pattern)
    {
        try
        {
            Compile(pattern);
            return null;
        }
        catch (ArgumentException error)
        {
            return $"the answer pattern '{pattern}' is no regular expression: {error.Message.TrimEnd('.')}";
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Sample> Read(string path, TaskSplit split, int? limit = null)
    {
        Sample[] samples = [.. inner.Read(path, split, limit).Select(sample => sample with { Answer = ExtractAnswer(sample.Completion) })];
        return samples.Length == 0 || samples.Any(sample => sample.Answer is not null)
            ? samples
            : throw new ConfigException($"None of the {samples.Length} answers of {path} has a match of the answer pattern '{pattern}'.");
    }

    /// <inheritdoc/>
    /// <exception cref="ConfigException">The pattern takes too long on the text.</exception>
    public string? ExtractAnswer(string generated)
    {
        try
        {
            return pattern.Matches(generated) is [.., var last] ? last.Groups[Math.Min(1, last.Groups.Count - 1)].Value.Trim() : null;
        }
        catch (RegexMatchTimeoutException)
        {
            throw new ConfigException(
                $"The answer pattern '{pattern}' takes more than a second on a text; write it without nested repetitions.");
        }
    }

    private static Regex Compile(string pattern) => new(pattern, RegexOptions.CultureInvariant, _patience);
}
