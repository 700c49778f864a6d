namespace ResLora.Models.Vae;

/// <summary>What a configuration of an autoencoder asks for that is wrong or that the network cannot carry out.</summary>
/// <param name="config">The configuration.</param>
internal sealed class VaeConfigProblems(VaeConfig config)
{
    private const int MostLevels = 8;
    private const string Down = "DownEncoderBlock2D", Up = "UpDecoderBlock2D";

    // Keys that diffusers writes, and the values (in JSON) at which the network is the one that is built here.
    private static readonly Dictionary<string, string[]> _known = new(StringComparer.Ordinal)
    {
        ["act_fn"] = ["\"silu\"", "\"swish\""],
        ["latents_mean"] = ["null"],
        ["latents_std"] = ["null"],
        ["shift_factor"] = ["null", "0", "0.0"],
    };

    // Without meaning for the numbers; it is computed in float32 whatever force_upcast says.
    private static readonly string[] _ignored =
        ["_class_name", "_diffusers_version", "_name_or_path", "_use_default_values", "force_upcast", "sample_size"];

    /// <summary>All of it, a phrase each.</summary>
    public IEnumerable<string> All() => Levels().Concat(Sizes()).Concat(Keys());

    private IEnumerable<string> Levels()
    {
        var levels = config.Widths.Count;
        if (levels is < 1 or > MostLevels)
        {
            yield return $"block_out_channels has {levels} levels; supported are 1 to {MostLevels}";
        }

        foreach (var (name, types, kind) in new[] { ("down_block_types", config.DownTypes, Down), ("up_block_types", config.UpTypes, Up) })
        {
            if (types.Count != levels)
            {
                yield return $"{name} has {types.Count} levels, and block_out_channels {levels}";
            }

            foreach (var type in types.Where(type => type != kind).Distinct())
            {
                yield return $"{name}: '{type}' is not supported (supported: {kind})";
            }
        }
    }

    private IEnumerable<string> Sizes()
    {
        string[] wrong =
        [
            .. ConfigChecks.Sizes(
                [
                    ("in_channels", config.InChannels, 1000), ("out_channels", config.OutChannels, 1000),
                    ("latent_channels", config.LatentChannels, 1000), ("layers_per_block", config.LayerCount, 100),
                    ("norm_num_groups", config.NormGroups, 10_000), .. config.Widths.Select(
                        width => ("block_out_channels", width, 100_000)),
                ]),
        ];
        foreach (var problem in wrong)
        {
            yield return problem;
        }

        foreach (var width in wrong.Length > 0 ? [] : config.Widths.Where(width => width % config.NormGroups != 0))
        {
            yield return $"block_out_channels {width} is no multiple of norm_num_groups {config.NormGroups}";
        }

        if (!(config.ScalingFactor > 0 && double.IsFinite(config.ScalingFactor)))
        {
            yield return $"scaling_factor is {config.ScalingFactor}; it must be above 0";
        }
    }

    private IEnumerable<string> Keys()
    {
        foreach (var (key, value) in config.Unread.Where(entry => !_ignored.Contains(entry.Key)))
        {
            if (!_known.TryGetValue(key, out var values))
            {
                yield return $"the key '{key}' is not supported";
            }
            else if (!values.Contains(value.GetRawText()))
            {
                yield return $"{key} {value.GetRawText()} is not supported (supported: {string.Join(", ", values)})";
            }
        }
    }
}
