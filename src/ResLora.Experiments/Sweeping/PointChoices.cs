using ResLora.Formats;

namespace ResLora.Experiments.Sweeping;

/// <summary>Which value of each key the points have.</summary>
internal static class PointChoices
{
    /// <summary>The points, as the place of a value for each key.</summary>
    /// <param name="settings">The sweep, free of problems.</param>
    public static IReadOnlyList<int[]> Of(SweepSettings settings)
    {
        int[] counts = [.. settings.Over.Values.Select(values => values.GetArrayLength())];
        return settings.Points == PointSource.Grid ? Grid(counts) : Random(counts, settings.Budget!.Value, (ulong)settings.DrawSeed);
    }

    /// <summary>Every combination; the last key varies fastest.</summary>
    private static int[][] Grid(int[] counts)
    {
        var points = new int[counts.Aggregate(1, (all, count) => all * count)][];
        for (var i = 0; i < points.Length; i++)
        {
            points[i] = new int[counts.Length];
            for (int key = counts.Length - 1, rest = i; key >= 0; rest /= counts[key], key--)
            {
                points[i][key] = rest % counts[key];
            }
        }

        return points;
    }

    /// <summary>Different combinations, each as likely; more of them begin with those of fewer.</summary>
    private static List<int[]> Random(int[] counts, int budget, ulong seed)
    {
        var random = new StableRandom(seed);
        var (points, seen) = (new List<int[]>(), new HashSet<string>(StringComparer.Ordinal));
        while (points.Count < budget)
        {
            int[] point = [.. counts.Select(count => (int)(random.Next() % (ulong)count))];
            if (seen.Add(string.Join(' ', point)))
            {
                points.Add(point);
            }
        }

        return points;
    }
}
