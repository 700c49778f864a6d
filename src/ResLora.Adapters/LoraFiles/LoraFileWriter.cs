using System.Globalization;
using System.Text.Json;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Adapters.LoraFiles;

/// <summary>Writes a merged adapter of a text-to-image model as one LoRA file.</summary>
internal static class LoraFileWriter
{
    private const int LargestInF16 = 2048;   // whole numbers up to here are float16's own

    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n" };

    /// <summary>Writes it.</summary>
    /// <param name="merged">The merged adapter.</param>
    /// <param name="path">The file.</param>
    /// <param name="format">Whose names it gets.</param>
    /// <param name="dtype">float32 or float16.</param>
    /// <exception cref="ConfigException">A block is no plain LoRA, or the file cannot be written.</exception>
    public static void Write(MergedAdapter merged, string path, LoraFileFormat format, ScalarType dtype)
    {
        RequirePlain(merged);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var alpha = format == LoraFileFormat.Kohya ? AlphaOfAll(merged, dtype) : null;
        Block[] blocks = [.. merged.Blocks.Select(block => Block.Of(block, alpha))];
        var tensors = format == LoraFileFormat.Kohya ? blocks.SelectMany(Kohya) : blocks.SelectMany(Diffusers);
        SafetensorsWriter.Write(
            path,
            tensors.Select(tensor => KeyValuePair.Create(tensor.Key, tensor.Value.to(dtype))),
            format == LoraFileFormat.Kohya ? KohyaMetadata(blocks) : DiffusersMetadata(blocks, merged.Adapted.LayerNames));
    }

    /// <summary>
    /// One alpha for all layers, the adapter's own where it has one that the number type holds: diffusers takes the most frequent of a file
    /// of kohya's kind for all layers (seen in its version 0.40), so that with several of them its pictures would be others than elsewhere.
    /// </summary>
    private static double? AlphaOfAll(MergedAdapter merged, ScalarType dtype)
    {
        double[] alphas = [.. merged.Blocks.Select(block => block.Update.Scaling * block.Update.Rank).Distinct()];
        return alphas is [> 0 and var alpha] && IsHeld(alpha, dtype) ? alpha : merged.Blocks.Max(block => block.Update.Rank);
    }

    private static bool IsHeld(double alpha, ScalarType dtype) =>
        dtype == ScalarType.Float16 ? Math.Abs(alpha) <= LargestInF16 && alpha == Math.Round(alpha) : (float)alpha == alpha;

    private static void RequirePlain(MergedAdapter merged)
    {
        var problems = merged.Adapted.BesidesBlocks
            .Concat(merged.Blocks.Where(block => block.Update.StoredAs != AdapterMethods.Lora || block.Update.AsLowRank() is null)
                .Select(block => block.Update.StoredAs?.Title ?? "updates of full rank").Distinct())
            .ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigException(
                $"The adapter has {string.Join(", ", problems)}, for which a LoRA file has no place; merge it into the model (export --to hf).");
        }
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Kohya(Block block)
    {
        var name = LoraFileLayers.KohyaName(block.Layer);
        yield return KeyValuePair.Create($"{name}.lora_down.weight", block.A);
        yield return KeyValuePair.Create($"{name}.lora_up.weight", block.B);
        yield return KeyValuePair.Create($"{name}.alpha", tensor((float)block.Alpha));
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Diffusers(Block block) =>
    [
        KeyValuePair.Create($"{block.Layer}.{LoraFileTensor.A}", block.A),
        KeyValuePair.Create($"{block.Layer}.{LoraFileTensor.B}", block.B),
    ];

    private static Dictionary<string, string> KohyaMetadata(Block[] blocks)
    {
        static string One<T>(IEnumerable<T> values, string several) where T : IFormattable =>
            values.Distinct().Take(2).ToArray() is [var only] ? only.ToString(null, CultureInfo.InvariantCulture) : several;
        return new()
        {
            ["format"] = "pt",
            ["ss_network_alpha"] = One(blocks.Select(block => block.Alpha), "Dynamic"),
            ["ss_network_dim"] = One(blocks.Select(block => block.A.shape[0]), "Dynamic"),
            ["ss_network_module"] = "networks.lora",
        };
    }

    private static Dictionary<string, string> DiffusersMetadata(Block[] blocks, IReadOnlyList<string> layers)
    {
        var keys = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var part in PipelineParts.Trained)
        {
            var own = blocks.Where(block => LoraFileLayers.PartOf(block.Layer) == part)
                .ToDictionary(block => Inner(block.Layer), StringComparer.Ordinal);
            if (own.Count == 0)
            {
                continue;
            }

            var rank = own.Values.CountBy(block => block.A.shape[0]).MaxBy(count => count.Value).Key;
            var others = own.Where(block => block.Value.A.shape[0] != rank)
                .ToDictionary(
                    block => block.Key.Replace(".", "\\.", StringComparison.Ordinal),
                    block => block.Value.A.shape[0],
                    StringComparer.Ordinal);
            var all = layers.Where(layer => LoraFileLayers.PartOf(layer) == part).Select(Inner).ToArray();
            foreach (var (key, value) in (KeyValuePair<string, object?>[])
            [
                new("peft_type", "LORA"), new("r", rank), new("lora_alpha", rank), new("rank_pattern", others), new("alpha_pattern", others),
                new("target_modules", PeftFolder.Shortened([.. own.Keys], all)), new("lora_dropout", 0.0), new("bias", "none"),
                new("use_dora", false), new("use_rslora", false),
            ])
            {
                keys[$"{part}.{key}"] = value;
            }
        }

        return new() { ["format"] = "pt", [LoraFileMetadata.Key] = JsonSerializer.Serialize(keys, _json) };
    }

    private static string Inner(string layer) => LoraFileLayers.WithoutTextModel(LoraFileLayers.Inner(layer));

    private sealed record Block(string Layer, Tensor A, Tensor B, double Alpha)
    {
        /// <summary>
        /// What of the scaling the alpha does not say is in B. Without an alpha for all it is the rank, so that the whole scaling is: of
        /// diffusers' files readers may not find one, which is in the header only.
        /// </summary>
        public static Block Of(MergedBlock block, double? alphaOfAll)
        {
            var (update, factors) = (
                block.Update, block.Update.Factors.ToDictionary(factor => factor.Key, factor => factor.Value, StringComparer.Ordinal));
            var (a, b) = (factors[update.Site.NameOfA], factors[update.Site.NameOfB]);
            var alpha = alphaOfAll ?? update.Rank;
            var inB = update.Scaling * update.Rank / alpha;
            return new Block(block.ModuleName, a, inB == 1 ? b : b * inB, alpha);
        }
    }
}
