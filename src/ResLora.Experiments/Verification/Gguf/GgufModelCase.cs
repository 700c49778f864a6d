using System.Runtime.InteropServices;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Text.Tokenization;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Gguf;

/// <summary>A whole model in a GGUF file: weights to the bit in Hugging Face's order, logits and the tokens that follow, tokens of texts
/// and conversations.</summary>
internal static class GgufModelCase
{
    // Below this lead of the best token over the next, the order of sums decides.
    private const double SureGap = 0.001;
    private const string WeightPrefix = "weight.";

    private static readonly JsonSerializerOptions _json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true };

    public static CaseReport Run(string name, string folder)
    {
        var inputs = CheckedJson.Deserialize<ModelInputs>(Path.Combine(folder, "inputs.json"), _json);
        var path = ModelFile(folder);
        using var expected = SafetensorsReader.Open(Path.Combine(folder, "expected.safetensors"));
        var quantities = new List<Quantity>();
        Weights(path, expected, quantities);
        GgufModelTexts.Compare(path, folder, quantities);
        var tokenizer = Tokenizer.Load(path);
        using var model = ModelRegistry.LoadCausal(path, ScalarType.Float32);
        foreach (var (index, sequence) in inputs.Sequences.Index())
        {
            using var noGradient = no_grad();
            using var scope = NewDisposeScope();
            quantities.Add(new Quantity($"prompt.{index}", tokenizer.EncodePrompt(sequence.Text).SequenceEqual(sequence.Ids) ? 0 : 1, 0));
            var logits = Logits(model, sequence.Ids).narrow(1, sequence.FirstLogits, sequence.Ids.Length - sequence.FirstLogits).squeeze(0);
            quantities.Add(new Quantity($"logits.{index}", Difference(logits, expected.Read($"logits.{index}")), inputs.Tolerance));
            if (sequence.SmallestGap >= SureGap)
            {
                quantities.Add(new Quantity($"greedy.{index}", Continued(model, sequence).SequenceEqual(sequence.Greedy) ? 0 : 1, 0));
            }
        }

        return GgufCases.Report(name, quantities, []);
    }

    /// <summary>The model's file: the first of several parts sorts first.</summary>
    private static string ModelFile(string folder) =>
        Directory.EnumerateFiles(folder, "*.gguf").Order(StringComparer.Ordinal).FirstOrDefault()
        ?? throw new FileFormatException($"{folder}: there is no .gguf file.");

    /// <summary>How many numbers of the first rows differ in a bit.</summary>
    private static void Weights(string path, SafetensorsReader expected, List<Quantity> quantities)
    {
        using var checkpoint = CheckpointReader.Open(path);
        foreach (var key in expected.Entries.Keys.Where(
            key => key.StartsWith(WeightPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            var wanted = expected.Read(key);
            var rows = checkpoint.Read(key[WeightPrefix.Length..]).to(float32).narrow(0, 0, wanted.shape[0]).contiguous();
            var isAlike = rows.shape.SequenceEqual(wanted.shape);
            quantities.Add(
                new Quantity(
                    key, isAlike ? Bits(rows).Zip(Bits(wanted)).Count(pair => pair.First != pair.Second) : double.PositiveInfinity, 0));
        }
    }

    private static int[] Bits(Tensor tensor) => [.. MemoryMarshal.Cast<byte, int>(tensor.contiguous().bytes)];

    private static List<int> Continued(CausalLanguageModel model, InputSequence sequence)
    {
        List<int> ids = [.. sequence.Ids];
        while (ids.Count < sequence.Ids.Length + sequence.Greedy.Length)
        {
            using var scope = NewDisposeScope();
            ids.Add((int)Logits(model, [.. ids])[0, -1].argmax().item<long>());
        }

        return ids[sequence.Ids.Length..];
    }

    private static Tensor Logits(CausalLanguageModel model, int[] ids) =>
        model.Logits(model.Hidden(tensor(Array.ConvertAll(ids, id => (long)id)).unsqueeze(0)));   // [T] -> [1, T] -> [1, T, V]

    /// <summary>max |got − expected| / max |expected|.</summary>
    private static double Difference(Tensor got, Tensor expected) => !got.shape.SequenceEqual(expected.shape)
        ? double.PositiveInfinity
        : ((got.to(float64) - expected.to(float64)).abs().max() / expected.to(float64).abs().max()).item<double>();

    private sealed record ModelInputs(double Tolerance, IReadOnlyList<InputSequence> Sequences);

    private sealed record InputSequence(string Text, int[] Ids, int FirstLogits, int[] Greedy, double SmallestGap);
}
