using System.Text.Json;

namespace ResLora.Models.Diffusion;

/// <summary>What a noise schedule's configuration asks for that is wrong or that is not carried out.</summary>
/// <param name="config">The configuration.</param>
internal sealed class SchedulerConfigProblems(SchedulerConfig config)
{
    private const int MostTimesteps = 100_000;
    private const double MostClipRange = 1000;

    // Below, numbers of the last timesteps leave the range of float32.
    private const double LeastSignal = 1e-20;

    private const string
        Ddim =
            "DDIMScheduler", Ddpm =
                "DDPMScheduler", Euler = "EulerDiscreteScheduler", Solver = "DPMSolverMultistepScheduler", Pndm = "PNDMScheduler";

    private static readonly string[] _all = [Ddpm, Ddim, Pndm, Euler, Solver];

    // Keys that diffusers writes, the values (in JSON) at which numbers are those that are computed here, and the classes that look at
    // them.
    private static readonly Dictionary<string, (string[] Values, string[] Classes)> _known = new(StringComparer.Ordinal)
    {
        ["algorithm_type"] = (["\"dpmsolver++\""], [Solver]),
        ["euler_at_final"] = (["false"], [Solver]),
        ["final_sigmas_type"] = (["\"zero\""], [Euler, Solver]),
        ["interpolation_type"] = (["\"linear\""], [Euler]),
        ["lambda_min_clipped"] = (["\"-Infinity\"", "\"-inf\"", "null"], [Solver]),
        ["lower_order_final"] = (["true"], [Solver]),
        ["rescale_betas_zero_snr"] = (["false"], [.. _all]),
        ["sigma_max"] = (["null"], [Euler]),
        ["sigma_min"] = (["null"], [Euler]),
        ["solver_order"] = (["2"], [Solver]),
        ["solver_type"] = (["\"midpoint\""], [Solver]),
        ["thresholding"] = (["false"], [Ddim, Ddpm, Solver]),
        ["timestep_type"] = (["\"discrete\""], [Euler]),
        ["trained_betas"] = (["null"], [.. _all]),
        ["use_beta_sigmas"] = (["false", "null"], [Euler, Solver]),
        ["use_dynamic_shifting"] = (["false"], [Solver]),
        ["use_exponential_sigmas"] = (["false", "null"], [Euler, Solver]),
        ["use_flow_sigmas"] = (["false", "null"], [Solver]),
        ["use_karras_sigmas"] = (["false", "null"], [Euler, Solver]),
        ["use_lu_lambdas"] = (["false", "null"], [Solver]),
        ["variance_type"] = (["\"fixed_small\"", "null"], [Ddpm, Solver]),
    };

    // Without meaning where the keys above have the values that they must have.
    private static readonly string[] _ignored =
        ["_diffusers_version", "_use_default_values", "dynamic_thresholding_ratio", "sample_max_value", "flow_shift", "time_shift_type"];

    /// <summary>What is wrong for every use, a phrase each.</summary>
    public IEnumerable<string> OfSchedule() => Numbers().Concat(Words()).Concat(Keys(_all));

    /// <summary>What is wrong for the sampler of a class, a phrase each.</summary>
    /// <param name="className">The class.</param>
    public IEnumerable<string> OfSampler(string className)
    {
        if (className == Pndm && !config.SkipsRungeKutta)
        {
            yield return "a PNDMScheduler with Runge-Kutta steps (skip_prk_steps false) is not supported";
        }

        foreach (var problem in Keys([className]))
        {
            yield return problem;
        }
    }

    private IEnumerable<string> Numbers()
    {
        var hasTimesteps = config.TrainTimesteps is >= 1 and <= MostTimesteps;
        if (!hasTimesteps)
        {
            yield return $"num_train_timesteps is {config.TrainTimesteps}; supported are 1 to {MostTimesteps}";
        }
        else if (config.StepsOffset < 0 || config.StepsOffset >= config.TrainTimesteps)
        {
            yield return $"steps_offset is {config.StepsOffset}; it must be from 0 to {config.TrainTimesteps - 1}, the last timestep";
        }

        var hasBetas = config.BetaStart > 0 && config.BetaStart <= config.BetaEnd && config.BetaEnd < 1;
        if (!hasBetas)
        {
            yield return $"beta_start is {config.BetaStart} and beta_end {config.BetaEnd}; they must be above 0, in this order, and below 1";
        }
        else if (hasTimesteps && new NoiseSchedule(config).AlphaBars[^1] < LeastSignal)
        {
            yield return $"beta_end {config.BetaEnd} leaves nothing of a picture after {config.TrainTimesteps} timesteps (num_train_timesteps)";
        }

        if (!(config.ClipRange > 0 && config.ClipRange <= MostClipRange))
        {
            yield return $"clip_sample_range is {config.ClipRange}; it must be above 0 and at most {MostClipRange}";
        }
    }

    private IEnumerable<string> Words()
    {
        foreach (var (name, value, all) in new (string, string?, string[])[]
        {
            ("the scheduler", config.ClassName, _all),
            ("beta_schedule", config.BetaSchedule, ["linear", "scaled_linear", "squaredcos_cap_v2"]),
            ("prediction_type", config.PredictionName, ["epsilon", "v_prediction", "sample"]),
            ("timestep_spacing", config.SpacingName, ["leading", "trailing", "linspace"]),
        })
        {
            if (value is not null && !all.Contains(value))
            {
                yield return $"{name} '{value}' is not supported (supported: {string.Join(", ", all)})";
            }
        }
    }

    /// <summary>Keys that nobody knows, and values that are not carried out of those that all the classes look at.</summary>
    private IEnumerable<string> Keys(string[] classes)
    {
        foreach (var (key, value) in config.Unread.Where(entry => !_ignored.Contains(entry.Key)))
        {
            if (!_known.TryGetValue(key, out var known))
            {
                yield return $"the key '{key}' is not supported";
            }
            else if (classes.All(known.Classes.Contains) && !known.Values.Contains(Shown(value)))
            {
                yield return $"{key} {Shown(value)} is not supported (supported: {string.Join(", ", known.Values)})";
            }
        }
    }

    /// <summary>As in the file, but for signs that may be written in several ways.</summary>
    private static string Shown(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? $"\"{value.GetString()}\"" : value.GetRawText();
}
