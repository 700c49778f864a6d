using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads.TextToImage;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Experiments.Imagining;

/// <summary>Draws the pictures that several runs made of the same prompts, one run below another with a column a step.</summary>
public static class StripJob
{
    private const int MostRows = 200;

    /// <summary>Draws them.</summary>
    /// <param name="runs">The folders of runs of text to image that had <c>samples</c>, from the top of each prompt to its bottom.</param>
    /// <param name="output">The PNG file, which must not be there.</param>
    /// <param name="places">Which of the prompts are drawn, from 0 and in this order; none for all.</param>
    /// <exception cref="ResLoraException">A run has no pictures, the runs' prompts differ, or the file cannot be written.</exception>
    public static void Run(IReadOnlyList<string> runs, string output, params IReadOnlyList<int> places)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(places);
        if (runs.Count == 0)
        {
            throw new ConfigException("There is no run to draw; name at least one.");
        }

        OutputGuard.RequireNew(output);
        var prompts = Prompts(runs);
        int[] drawn = places.Count == 0 ? [.. Enumerable.Range(0, prompts.Count)] : [.. places];
        bool IsWrong(int place) => place < 0 || place >= prompts.Count;
        if (drawn.Any(IsWrong))
        {
            throw new ConfigException($"There is no prompt {drawn.First(IsWrong)}; the runs have {prompts.Count}, counted from 0.");
        }

        if (drawn.Length * runs.Count > MostRows)
        {
            throw new ConfigException(
                $"{drawn.Length} prompts of {runs.Count} runs are more than {MostRows} rows; name some of the prompts.");
        }

        (string Name, RunSamples Samples)[] all = [.. runs.Select(run => (Name(run), new RunSamples(run)))];
        FilmStrip.Write(
            output,
            [.. all.SelectMany(run => run.Samples.Steps).Distinct().Order()],
            drawn.SelectMany(
                place => all.Select((run, row) => (row == 0 ? $"{prompts[place]}\n{run.Name}" : run.Name, run.Samples, place))));
    }

    private static string Name(string run) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(run)));

    private static IReadOnlyList<string> Prompts(IReadOnlyList<string> runs)
    {
        IReadOnlyList<string>? prompts = null;
        foreach (var run in runs)
        {
            if (!new RunSamples(run).Exists)
            {
                throw new ConfigException($"{run}: there are no pictures (samples) of a run of text to image here.");
            }

            var own = RunConfig.Read(new RunFolder(run).ConfigFile).Samples.Prompts;
            prompts ??= own;
            if (!own.SequenceEqual(prompts))
            {
                throw new ConfigException(
                    $"{run}: this run's prompts are not those of {runs[0]}; only pictures of the same prompts can be compared.");
            }
        }

        return prompts!;
    }
}
