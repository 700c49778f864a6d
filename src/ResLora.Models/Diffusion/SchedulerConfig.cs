using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Tensors.Safetensors;

namespace ResLora.Models.Diffusion;

/// <summary>A <c>scheduler_config.json</c> of diffusers: how much noise a timestep has, and how a picture is made of noise.</summary>
public sealed record SchedulerConfig
{
    private const string FileName = "scheduler_config.json";

    private static readonly JsonSerializerOptions _json = new() { RespectNullableAnnotations = true };

    /// <summary>The class of the sampler, such as <c>DDIMScheduler</c>.</summary>
    [JsonPropertyName("_class_name")]
    public required string ClassName { get; init; }

    /// <summary>How many timesteps there are. Default 1000.</summary>
    [JsonPropertyName("num_train_timesteps")]
    public int TrainTimesteps { get; init; } = 1000;

    /// <summary>β of the first timestep. Default 0.0001.</summary>
    [JsonPropertyName("beta_start")]
    public double BetaStart { get; init; } = 0.0001;

    /// <summary>β of the last timestep. Default 0.02.</summary>
    [JsonPropertyName("beta_end")]
    public double BetaEnd { get; init; } = 0.02;

    /// <summary>How β rises: linear, scaled_linear or squaredcos_cap_v2. Default linear.</summary>
    [JsonPropertyName("beta_schedule")]
    public string BetaSchedule { get; init; } = "linear";

    /// <summary>What the network says: epsilon, v_prediction or sample. Default epsilon.</summary>
    [JsonPropertyName("prediction_type")]
    public string PredictionName { get; init; } = "epsilon";

    /// <summary>How timesteps are spread: leading, trailing or linspace; null for the class's own way.</summary>
    [JsonPropertyName("timestep_spacing")]
    public string? SpacingName { get; init; }

    /// <summary>
    /// What is added to timesteps that are spread as leading, one less where the first would lie just beyond the last of the schedule (as
    /// with as many steps as timesteps). Default 0.
    /// </summary>
    [JsonPropertyName("steps_offset")]
    public int StepsOffset { get; init; }

    /// <summary>
    /// Whether nothing but the picture is left below timestep 0; else as much noise as at timestep 0. Null for the sampler's own: true for
    /// DDIM, false for PNDM.
    /// </summary>
    [JsonPropertyName("set_alpha_to_one")]
    public bool? EndsClean { get; init; }

    /// <summary>
    /// Whether what is taken for the picture is cut to a range (DDIM and DDPM). Default false: latents have no range, and diffusers'
    /// pipelines of latents never cut, whatever the default of the class.
    /// </summary>
    [JsonPropertyName("clip_sample")]
    public bool ClipsSample { get; init; }

    /// <summary>That range, from its negative to it. Default 1.</summary>
    [JsonPropertyName("clip_sample_range")]
    public double ClipRange { get; init; } = 1;

    /// <summary>Whether PNDM leaves its Runge-Kutta steps out. Default false, which only other samplers can be used with.</summary>
    [JsonPropertyName("skip_prk_steps")]
    public bool SkipsRungeKutta { get; init; }

    /// <summary>Everything else in the file; <see cref="Problems()"/> looks for what would change the numbers.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Unread { get; init; } = [];

    /// <summary>What the network says.</summary>
    [JsonIgnore]
    public PredictionType Prediction => PredictionName switch
    {
        "epsilon" => PredictionType.Noise,
        "v_prediction" => PredictionType.Velocity,
        _ => PredictionType.Sample,
    };

    /// <summary>Reads and checks a configuration.</summary>
    /// <param name="path">A pipeline's folder, or the file itself.</param>
    /// <returns>The configuration, free of problems; what its sampler cannot do <see cref="Sampling.Samplers"/> says.</returns>
    /// <exception cref="FileFormatException">The file is missing or not a configuration.</exception>
    /// <exception cref="ConfigException">It needs something that is not supported; all such things are named.</exception>
    public static SchedulerConfig Read(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, PipelineParts.Scheduler, FileName) : path;
        var config = CheckedJson.DeserializePython<SchedulerConfig>(file, whole => ForgetDefaults(whole, file), _json);
        var problems = config.Problems().ToArray();
        return problems.Length == 0 ? config : throw new ConfigException($"{file}: {string.Join("; ", problems)}.");
    }

    /// <summary>What is wrong or unsupported whatever the schedule is used for, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems() => new SchedulerConfigProblems(this).OfSchedule();

    /// <summary>What the sampler of a class cannot carry out, a phrase each; empty when all is well.</summary>
    /// <param name="className">The class, such as <c>DDIMScheduler</c>: the configuration's own, or one that is used in its place.</param>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems(string className) => new SchedulerConfigProblems(this).OfSampler(className);

    /// <summary>diffusers lists keys that nobody set: their values are those of a class, and another class has others.</summary>
    private static void ForgetDefaults(JsonObject whole, string file)
    {
        const string key = "_use_default_values";
        if (whole[key] is not { } listed)
        {
            return;
        }

        var names = listed is JsonArray array ? array.Select(
            name => name?.GetValueKind() == JsonValueKind.String ? (string)name! : null).ToArray() : [null];
        foreach (var name in names)
        {
            _ = name is null
                ? throw new FileFormatException($"'{file}' has a wrong value at '{key}': {Shown(listed)}; a list of names is needed.")
                : !name.StartsWith('_') && whole.Remove(name);
        }
    }

    private static string Shown(JsonNode value)
    {
        const int most = 60;
        var text = value.ToJsonString();
        return text.Length <= most ? text : text[..most] + "…";
    }
}

/// <summary>What a network says of noisy latents.</summary>
public enum PredictionType
{
    /// <summary>The noise in them, ε.</summary>
    Noise,

    /// <summary>The velocity, √ᾱ ε − √(1 − ᾱ) x₀.</summary>
    Velocity,

    /// <summary>The latents without noise, x₀.</summary>
    Sample,
}
