using ResLora.Formats.Errors;

namespace ResLora.Models.Diffusion.Sampling;

/// <summary>All samplers.</summary>
public static class Samplers
{
    internal const string Ddim = "ddim", Ddpm = "ddpm", Pndm = "pndm", Euler = "euler", DpmSolver = "dpm++";

    private static readonly (string Name, string Class, Func<SchedulerConfig, int, Sampler> Make)[] _all =
    [
        (Ddim, "DDIMScheduler", (config, steps) => new DdimSampler(config, steps)),
        (Ddpm, "DDPMScheduler", (config, steps) => new DdpmSampler(config, steps)),
        (Pndm, "PNDMScheduler", (config, steps) => new PndmSampler(config, steps)),
        (Euler, "EulerDiscreteScheduler", (config, steps) => new EulerSampler(config, steps)),
        (DpmSolver, "DPMSolverMultistepScheduler", (config, steps) => new DpmSolverSampler(config, steps)),
    ];

    /// <summary>The names of all samplers.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. _all.Select(one => one.Name)];

    /// <summary>A sampler for one picture or one batch.</summary>
    /// <param name="config">The schedule, free of problems.</param>
    /// <param name="steps">How many steps, 1 up to all timesteps; DPM-Solver++ needs one timestep more unless they are spread as
    /// trailing.</param>
    /// <param name="name">
    /// One of <see cref="Names"/>; null takes the configuration's own. Keys that the configuration does not set have the chosen sampler's
    /// defaults; who chooses PNDM by name has it without Runge-Kutta steps.
    /// </param>
    /// <returns>The sampler, owned by the caller.</returns>
    /// <exception cref="ConfigException">
    /// There is no such sampler, it cannot carry out what the configuration asks for, or there are more steps than timesteps.
    /// </exception>
    public static Sampler Of(SchedulerConfig config, int steps, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        var found = name is null
            ? Array.Find(_all, one => one.Class == config.ClassName)
            : Array.Find(_all, one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (found.Make is null)
        {
            throw new ConfigException(
                $"There is no sampler '{name ?? config.ClassName}'.{NearestName.Suggestion(name ?? "", Names)} Samplers: {string.Join(", ", Names)}.");
        }

        var chosen = name is null ? config : config with { ClassName = found.Class, SkipsRungeKutta = true };
        var problems = chosen.Problems(found.Class).ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException(
                $"The sampler {found.Name} cannot do what scheduler_config.json asks for: {string.Join("; ", problems)}.");
        }

        var most = found.Name == DpmSolver && config.SpacingName != "trailing" ? Math.Max(
            1, config.TrainTimesteps - 1) : config.TrainTimesteps;
        return steps >= 1 && steps <= most
            ? found.Make(chosen, steps)
            : throw new ConfigException($"The sampler {found.Name} cannot make a picture in {steps} steps; give 1 to {most}.");
    }
}
