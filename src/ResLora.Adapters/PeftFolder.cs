using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Peft;
using ResLora.Formats.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>The PEFT adapter folder: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</summary>
internal static class PeftFolder
{
    public const string WeightOfA = ".lora_A.weight";
    public const string WeightOfB = ".lora_B.weight";

    /// <summary>One block as it is written.</summary>
    /// <param name="Module">The module's dotted name.</param>
    /// <param name="A">[R, Din], borrowed.</param>
    /// <param name="B">[Dout, R], borrowed.</param>
    /// <param name="Alpha">The alpha that a reader divides by R, or by √R when rank-stabilised.</param>
    public sealed record Block(string Module, Tensor A, Tensor B, double Alpha);

    /// <summary>
    /// Writes the two files into a folder. Blocks that differ from the usual rank or alpha get a pattern of their own, which
    /// matches no other module. The adapted model's saved modules come along whole.
    /// </summary>
    public static void Write(
        string folder, IReadOnlyList<Block> blocks, AdaptedModel adapted, double dropout, bool rankStabilized, string? baseModel)
    {
        var rank = (int)Usual(blocks.Select(b => b.A.shape[0]));
        var alpha = Usual(blocks.Select(b => b.Alpha));
        var text = PeftConfig.Text(
            Shortened([.. blocks.Select(b => b.Module)], adapted.LinearNames), rank, alpha, dropout, rankStabilized, baseModel,
            blocks.Where(b => b.A.shape[0] != rank).ToDictionary(b => ModuleOverrides.Exactly(b.Module), b => (int)b.A.shape[0]),
            blocks.Where(b => b.Alpha != alpha).ToDictionary(b => ModuleOverrides.Exactly(b.Module), b => b.Alpha),
            adapted.SavedModules);
        AtomicFile.WriteText(Path.Combine(folder, PeftConfig.FileName), text);
        SafetensorsWriter.Write(Path.Combine(folder, PeftConfig.TensorFileName), blocks.SelectMany(b => new[]
        {
            KeyValuePair.Create(PeftConfig.TensorPrefix + b.Module + WeightOfA, b.A),
            KeyValuePair.Create(PeftConfig.TensorPrefix + b.Module + WeightOfB, b.B),
        }).Concat(adapted.SavedParameters().Select(p => KeyValuePair.Create(PeftConfig.TensorPrefix + p.Key, (Tensor)p.Value))));
    }

    /// <summary>What a folder holds, from its configuration alone.</summary>
    public static AdapterDescription Describe(string folder)
    {
        var peft = PeftConfig.Read(folder);
        try
        {
            var config = new AdapterConfig
            {
                Rank = peft.Rank,
                Alpha = peft.Alpha,
                Dropout = peft.Dropout,
                RankStabilized = peft.RankStabilized,
                Targets = peft.TargetModules.Deserialize<TargetModules>() ?? throw new JsonException("target_modules is null"),
                Exclude = peft.ExcludeModules is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0
                    ? null
                    : peft.ExcludeModules?.Deserialize<TargetModules>(),
            };
            return new AdapterDescription(folder, "peft", config, peft.BaseModel, Path.Combine(folder, PeftConfig.TensorFileName), PeftConfig.TensorPrefix)
            {
                SavedModules = peft.SavedModules ?? [],
                Overrides = new ModuleOverrides(Patterns<int>(peft.RankPattern), Patterns<double>(peft.AlphaPattern)),
            };
        }
        catch (JsonException e)
        {
            throw new FileFormatException(
                $"{Path.Combine(folder, PeftConfig.FileName)}: a choice of modules cannot be read ({e.Message}); target_modules and exclude_modules hold a list of names, all-linear or a regular expression, rank_pattern and alpha_pattern map patterns to numbers.", e);
        }
    }

    /// <summary>The patterns in the file's order, which decides where two match.</summary>
    private static KeyValuePair<string, T>[] Patterns<T>(JsonElement? written) => [.. written?.Deserialize<OrderedDictionary<string, T>>() ?? []];

    private static T Usual<T>(IEnumerable<T> values) where T : notnull => values.CountBy(value => value).MaxBy(count => count.Value).Key;

    /// <summary>Last name parts when they choose exactly the same layers, whole names otherwise.</summary>
    private static string[] Shortened(string[] chosen, IReadOnlyList<string> linearNames)
    {
        string[] suffixes = [.. chosen.Select(n => n[(n.LastIndexOf('.') + 1)..]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return linearNames.Count(TargetModules.Suffixes(suffixes).Matches) == chosen.Length ? suffixes : chosen;
    }
}
