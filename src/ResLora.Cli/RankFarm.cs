using ResLora.Experiments.Comparing.Farming;
using ResLora.Formats.Errors;

namespace ResLora.Cli;

/// <summary>A command of many runs, done by the processes that <c>mpirun</c> started: number 0 leads, and the others do what it hands
/// out.</summary>
internal static class RankFarm
{
    /// <summary>Does the command in this process.</summary>
    /// <param name="context">The command's context.</param>
    /// <param name="jobs">What <c>--jobs</c> says.</param>
    /// <param name="lead">Does the command in number 0, or alone: then there are no ranks.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="ConfigException">There are ranks, and <c>--jobs</c> asks for processes besides.</exception>
    public static int Do(CommandContext context, int jobs, Func<RunFarm?, int> lead)
    {
        var ranks = context.Ranks;
        if (ranks.Size == 1)
        {
            return lead(null);
        }

        if (jobs != 1)
        {
            throw new ConfigException(
                $"--jobs is {jobs}, and mpirun has started {ranks.Size} processes, each of which does one run at a time; "
                + "leave --jobs out, and give mpirun the number of runs to do at once (-np).");
        }

        if (ranks.Rank > 0)
        {
            context.RequireTorch();
            FarmHand.Work(ranks, context.Stop);
            return ExitCode.Done;
        }

        using var farm = new RunFarm(ranks);
        return lead(farm);
    }
}
