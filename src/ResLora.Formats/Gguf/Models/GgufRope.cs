using System.Text.Json.Nodes;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf.Models;

/// <summary>How a file stretches rotary frequencies, as Hugging Face's <c>rope_scaling</c>.</summary>
internal static class GgufRope
{
    /// <summary>The setting, or null for plain frequencies.</summary>
    /// <exception cref="FileFormatException">A key or the divisors are impossible.</exception>
    /// <exception cref="ConfigException">The file asks for something that is not supported.</exception>
    public static JsonObject? Scaling(GgufFile file, GgufModelKeys keys, GgufModelShape shape)
    {
        var kind = keys.TextOrNull("rope.scaling.type");
        // Files from before the type had a factor alone, under another name.
        var factor = keys.NumberOrNull("rope.scaling.factor") ?? keys.NumberOrNull("rope.scale_linear") ?? 0;
        var scaling = kind switch
        {
            "none" => null,
            null or "linear" when factor is 0 or 1 => null,
            null or "linear" => new JsonObject { ["rope_type"] = "linear", ["factor"] = Positive(file, keys, factor) },
            "yarn" => Yarn(file, keys, shape, factor),
            _ => throw new ConfigException(
                $"'{file.Path}' has a rope scaling of type '{kind}' ('{keys.Full("rope.scaling.type")}'); linear and yarn are supported."),
        };
        if (!file.Entries.ContainsKey(GgufTensorNames.FrequencyDivisors))
        {
            return scaling;
        }

        return scaling is null
            ? GgufRopeDivisors.Scaling(file, keys.Positive("rope.freq_base", 10000), shape.HeadSize)
            : throw new ConfigException($"'{file.Path}' has '{GgufTensorNames.FrequencyDivisors}' and '{keys.Full("rope.scaling.type")}', which are not supported together.");
    }

    private static JsonObject Yarn(GgufFile file, GgufModelKeys keys, GgufModelShape shape, float factor)
    {
        foreach (var key in new[] { "attn_factor", "yarn_attn_factor", "yarn_ext_factor" })
        {
            keys.RequireUsual($"rope.scaling.{key}", 1);
        }

        keys.RequireUsual("rope.scaling.yarn_log_multiplier", 0);
        var scaling = new JsonObject
        {
            ["rope_type"] = "yarn",
            ["factor"] = Positive(file, keys, factor),
            ["original_max_position_embeddings"] = keys.SizeOrNull("rope.scaling.original_context_length") ?? shape.Positions,
        };
        foreach (var (key, name) in new[] { ("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow") })
        {
            if (keys.NumberOrNull($"rope.scaling.{key}") is { } number)
            {
                scaling[name] = number;
            }
        }

        return scaling;
    }

    private static float Positive(GgufFile file, GgufModelKeys keys, float factor) => factor > 0
        ? factor
        : throw new FileFormatException(
            $"'{file.Path}': '{keys.Full("rope.scaling.factor")}' is {(factor == 0 ? "missing" : factor)}; it must be positive.");
}
