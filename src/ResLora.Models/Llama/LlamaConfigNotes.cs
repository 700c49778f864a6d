using System.Globalization;

namespace ResLora.Models.Llama;

/// <summary>Where two keys of a configuration of the Llama family say different things, and which of them holds.</summary>
internal static class LlamaConfigNotes
{
    private const string Sliding = LlamaConfig.Sliding;

    /// <summary>A sentence each; empty when the keys agree.</summary>
    public static IEnumerable<string> Of(LlamaConfig config)
    {
        if (config.ConfiguredRopeScaling is { IsEmpty: false } old && config.RopeParameters is { IsEmpty: false } rope && !config.Completed(old).Says(config.Completed(rope)))
        {
            yield return "rope_scaling and rope_parameters say different things: rope_scaling holds.";
        }

        if (config.Rope?.Theta is { } theta && config.ConfiguredRopeTheta is { } outer && theta != outer)
        {
            yield return Text($"rope_theta is {outer} beside the scaling and {theta} in it: {theta} holds.");
        }

        if (config.Rope is { Kind: { } kind, OldKind: { } oldKind } && kind != oldKind)
        {
            yield return $"The scaling's rope_type is '{kind}' and its type '{oldKind}': {kind} holds.";
        }

        if (config.RopeScaling is { EffectiveKind: "llama3" or "yarn" } scaling)
        {
            if (config.Rope!.OriginalLength is { } inner && inner != scaling.OriginalLength)
            {
                yield return Text($"original_max_position_embeddings is {scaling.OriginalLength} beside the scaling and {inner} in it: {scaling.OriginalLength} holds.");
            }

            var implied = config.MaxPositions / scaling.OriginalLength!.Value;
            if (scaling.EffectiveKind == "yarn" && implied != 1 && implied != scaling.Factor)
            {
                yield return Text($"The scaling's factor is {scaling.Factor}, and max_position_embeddings is {implied} times the original length: {scaling.Factor} holds.");
            }
        }

        if (config.HasWindow && config.LayerTypes?.Index().Any(
            layer => (layer.Item == Sliding) != config.HasWindowByDefault(layer.Index)) == true)
        {
            yield return $"layer_types gives the sliding window to other layers than {(config.IsQwen ? "max_window_layers" : "sliding_window alone")} does: layer_types holds.";
        }

        if (!config.HasWindow && config.LayerTypes?.Contains(Sliding) == true)
        {
            yield return $"layer_types has {Sliding}, and {config.ModelType} has no sliding window: all layers attend in full.";
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
