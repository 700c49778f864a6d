using System.Text.RegularExpressions;
using ResLora.Formats.Errors;

namespace ResLora.Adapters;

/// <summary>
/// Ranks and alphas of single modules, by pattern: PEFT's <c>rank_pattern</c> and <c>alpha_pattern</c>. A pattern is a regular
/// expression for the end of a module's name that begins with a whole name part; the first that matches counts.
/// </summary>
/// <param name="Ranks">Pattern and rank, in the order in which they are tried.</param>
/// <param name="Alphas">Pattern and alpha, in the order in which they are tried.</param>
public sealed record ModuleOverrides(IReadOnlyList<KeyValuePair<string, int>> Ranks, IReadOnlyList<KeyValuePair<string, double>> Alphas)
{
    /// <summary>All modules alike.</summary>
    public static ModuleOverrides None { get; } = new([], []);

    /// <summary>Whether all modules are alike.</summary>
    public bool IsEmpty => Ranks.Count == 0 && Alphas.Count == 0;

    /// <summary>The settings of one module's block.</summary>
    /// <param name="config">The settings of all.</param>
    /// <param name="moduleName">The module's dotted name.</param>
    /// <returns>The settings with the module's own rank and alpha.</returns>
    /// <exception cref="ConfigException">A pattern takes too long to match.</exception>
    public AdapterConfig For(AdapterConfig config, string moduleName)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(moduleName);
        return config with
        {
            Rank = First(Ranks, moduleName, config.Rank),
            Alpha = First(Alphas, moduleName, config.Alpha),
        };
    }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var (pattern, rank) in Ranks.Where(r => r.Value is < 1 or > AdapterConfig.MaxRank))
        {
            yield return $"rank_pattern '{pattern}' is {rank}; it must be from 1 to {AdapterConfig.MaxRank}";
        }

        foreach (var (pattern, alpha) in Alphas.Where(a => !(a.Value > 0 && double.IsFinite(a.Value))))
        {
            yield return $"alpha_pattern '{pattern}' is {alpha}; it must be above 0";
        }

        foreach (var pattern in Ranks.Select(r => r.Key).Concat(Alphas.Select(a => a.Key)).Distinct(StringComparer.Ordinal))
        {
            if (ModulePattern.FaultOfEnd(pattern) is { } fault)
            {
                yield return $"the module pattern '{pattern}' is not a regular expression: {fault}";
            }
        }
    }

    /// <summary>A pattern that matches one module and no other.</summary>
    /// <param name="moduleName">The module's dotted name.</param>
    /// <returns>The name from its beginning, its dots taken literally.</returns>
    public static string Exactly(string moduleName) => "^" + Regex.Escape(moduleName);

    private static T First<T>(IReadOnlyList<KeyValuePair<string, T>> patterns, string moduleName, T otherwise)
    {
        foreach (var (pattern, value) in patterns)
        {
            if (ModulePattern.IsEnd(pattern, moduleName))
            {
                return value;
            }
        }

        return otherwise;
    }
}
