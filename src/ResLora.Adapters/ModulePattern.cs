using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;

namespace ResLora.Adapters;

/// <summary>Regular expressions for the names of modules, in Python's syntax as in PEFT's files.</summary>
internal static class ModulePattern
{
    private const int MostKept = 4096;

    // Adapter folders bring their patterns along, and a pattern can be built to run for ever.
    private static readonly TimeSpan _matchLimit = TimeSpan.FromSeconds(1);

    // A pattern for every block meets the name of every block.
    private static readonly ConcurrentDictionary<string, Regex> _kept = new(StringComparer.Ordinal);

    /// <summary>Whether a pattern matches a name from end to end: Python's <c>fullmatch</c>.</summary>
    /// <exception cref="ConfigException">It is no pattern, or it takes too long.</exception>
    public static bool IsWhole(string pattern, string name) => Match(pattern, () => Whole(pattern), name).Success;

    /// <summary>Whether a pattern matches the end of a name: PEFT's rule for <c>rank_pattern</c> and <c>alpha_pattern</c>.</summary>
    /// <exception cref="ConfigException">It is no pattern, or it takes too long.</exception>
    public static bool IsEnd(string pattern, string name) => Match(pattern, () => End(pattern), name).Success;

    /// <summary>
    /// The number of the layer that a name is in: the first that stands behind a name part, which must match the pattern unless that is
    /// empty.
    /// </summary>
    /// <returns>The number, or null when the name has none.</returns>
    /// <exception cref="ConfigException">It is no pattern, or it takes too long.</exception>
    public static int? Layer(string pattern, string name)
    {
        var match = Match(pattern, () => Of($@".*?\.{(pattern.Length == 0 ? "[^.]*" : pattern)}\.(\d+)\."), name);
        return match.Success && int.TryParse(match.Groups[1].ValueSpan, out var layer) ? layer : null;
    }

    /// <summary>Why a text is no pattern for whole names, a phrase; null when it is one.</summary>
    public static string? FaultOfWhole(string pattern) => Fault(() => Whole(pattern));

    /// <summary>Why a text is no pattern for the ends of names, a phrase; null when it is one.</summary>
    public static string? FaultOfEnd(string pattern) => Fault(() => End(pattern));

    private static Regex Whole(string pattern) => Of(pattern, @"\z");

    private static Regex End(string pattern) => Of($@"(.*\.)?({pattern})$");

    private static Match Match(string pattern, Func<Regex> regex, string name)
    {
        try
        {
            return regex().Match(name);
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new ConfigException($"The module pattern '{pattern}' takes longer than {_matchLimit.TotalSeconds} s for '{name}'; write it simpler, or list names.", error);
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            throw new ConfigException($"The module pattern '{pattern}' is not a regular expression: {error.Message}.", error);
        }
    }

    private static string? Fault(Func<Regex> regex)
    {
        try
        {
            _ = regex();
            return null;
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            return error.Message;
        }
    }

    /// <summary>Matches from the beginning of a name, as Python's <c>match</c> does.</summary>
    /// <param name="python">The pattern in Python's syntax.</param>
    /// <param name="end">What must follow, in .NET's.</param>
    private static Regex Of(string python, string end = "")
    {
        if (_kept.Count >= MostKept)
        {
            _kept.Clear();
        }

        return _kept.GetOrAdd(
            python + "\n" + end, _ => new Regex($"^(?:{PythonRegex.Translate(python)}){end}", RegexOptions.CultureInvariant, _matchLimit));
    }
}
