namespace ResLora.Experiments.Comparing.Reports;

/// <summary>
/// What was changed after a verdict: who goes on until a verdict pleases finds more differences than there are, whatever is corrected for.
/// </summary>
internal static class LaterChanges
{
    // What decides beside arms, seeds and the reference; all else belongs to the folder's identity.
    private static readonly string[] _deciding = ["compare.score", "compare.margin"];

    /// <summary>The changes, a sentence each without a full stop: those that the earlier report knows, and what it lacks.</summary>
    /// <param name="earlier">The report that lay in the folder; null for none.</param>
    /// <param name="report">The report that takes its place.</param>
    public static IReadOnlyList<string> Of(ComparisonReport? earlier, ComparisonReport report)
    {
        if (earlier is null)
        {
            return [];
        }

        var reference = earlier.Reference == report.Reference
            ? Array.Empty<string>()
            : [$"the reference is {report.Reference} now, and was {earlier.Reference} in an earlier verdict"];
        return
        [
            .. earlier.ChangedSince,
            .. Members("seed", earlier.Seeds, report.Seeds),
            .. Members("arm", earlier.Arms.Select(arm => arm.Name), report.Arms.Select(arm => arm.Name)),
            .. reference,
            .. Settings(earlier, report),
        ];
    }

    private static IEnumerable<string> Members<T>(string name, IEnumerable<T> before, IEnumerable<T> now)
    {
        T[] all = [.. before];
        T[] added = [.. now.Except(all)];
        T[] gone = [.. all.Except(now)];
        string Named(T[] some) => $"{name}{(some.Length == 1 ? "" : "s")} {string.Join(", ", some)} {(some.Length == 1 ? "was" : "were")}";
        if (added.Length > 0)
        {
            yield return $"{Named(added)} added after a verdict on {string.Join(", ", all)}";
        }

        if (gone.Length > 0)
        {
            yield return $"{Named(gone)} left out after a verdict on {string.Join(", ", all)}";
        }
    }

    private static IEnumerable<string> Settings(ComparisonReport earlier, ComparisonReport report)
    {
        static string Value(string text) => text == "null" ? "none" : text;
        var changed = SettingsCheck.Of(earlier.Config, report.Config).ToDictionary(setting => setting.Key);
        return _deciding.Where(changed.ContainsKey).Select(key =>
            $"{key[(key.IndexOf('.') + 1)..]} is {Value(changed[key].Now)} now, and was {Value(changed[key].Earlier)} in an earlier verdict");
    }
}
