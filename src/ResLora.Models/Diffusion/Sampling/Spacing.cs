using ResLora.Formats.Errors;

namespace ResLora.Models.Diffusion.Sampling;

/// <summary>How timesteps are spread over all that there are.</summary>
/// <remarks>Lin et al., arXiv:2305.08891, table 2.</remarks>
internal static class Spacing
{
    /// <summary>Whole timesteps, the largest first.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="usual">The way of the class, where the configuration names none.</param>
    /// <param name="steps">How many.</param>
    public static double[] Of(SchedulerConfig config, string usual, int steps)
    {
        var all = config.TrainTimesteps;
        return (config.SpacingName ?? usual) switch
        {
            "trailing" => Trailing(all, steps),
            "linspace" => [.. Even(all, steps).Select(t => Math.Round(t, MidpointRounding.ToEven))],
            _ => Leading(all, all / steps, steps, config.StepsOffset),
        };
    }

    /// <summary>From the start in steps of one length, with an offset: one less where the first would be one too far.</summary>
    /// <exception cref="ConfigException">The first lies farther outside of the schedule.</exception>
    public static double[] Leading(int all, int length, int steps, int offset)
    {
        var first = ((steps - 1) * length) + offset;
        return first > all
            ? throw new ConfigException(
                $"With {steps} steps and steps_offset {offset} a picture begins at timestep {first}, and the last is {all - 1}. Take another number of steps.")
            : [.. Enumerable.Range(0, steps).Reverse().Select(i => (double)((i * length) + offset - (first == all ? 1 : 0)))];
    }

    /// <summary>From the end in steps of one length.</summary>
    public static double[] Trailing(int all, int steps) =>
        [.. Enumerable.Range(0, steps).Select(i => Math.Round(all - (i * ((double)all / steps)), MidpointRounding.ToEven) - 1)];

    /// <summary>From the last to the first, evenly; fractions are kept.</summary>
    public static double[] Even(int all, int steps) =>
        [.. Enumerable.Range(0, steps).Reverse().Select(i => steps == 1 ? 0 : (all - 1.0) * i / (steps - 1))];
}
