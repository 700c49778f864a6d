using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification;

/// <summary>Checks the inputs of a case before libtorch sees them: ids outside of the vocabulary would end in a trace of native frames.</summary>
internal static class CaseInputs
{
    private const long Ignored = -100;

    /// <summary>Requires ids, mask and (for the case's own batch) labels of one shape and in range.</summary>
    /// <param name="inputs">inputs.safetensors.</param>
    /// <param name="prefix">Empty, or the prefix of a calibration batch.</param>
    /// <param name="vocabularySize">The number of token ids.</param>
    public static void Check(SafetensorsReader inputs, string prefix, long vocabularySize)
    {
        using var scope = NewDisposeScope();
        var ids = Integers(inputs, prefix + "input_ids", 0, vocabularySize - 1);
        Shapes.Require(ids, prefix + "input_ids", Shapes.Any, Shapes.Any);
        Shapes.Require(Integers(inputs, prefix + "attention_mask", 0, 1), prefix + "attention_mask", ids.shape);
        if (prefix.Length == 0)
        {
            Shapes.Require(Integers(inputs, "labels", Ignored, vocabularySize - 1), "labels", ids.shape);
        }
    }

    private static Tensor Integers(SafetensorsReader inputs, string name, long lowest, long highest)
    {
        var values = inputs.Read(name);
        if (values.dtype != int64 || values.NumberOfElements == 0)
        {
            throw new FileFormatException($"{inputs.Path}: '{name}' must hold I64 numbers.");
        }

        var (low, high) = (values.min().item<long>(), values.max().item<long>());
        return low >= lowest && high <= highest
            ? values
            : throw new FileFormatException($"{inputs.Path}: '{name}' has numbers from {low} to {high}; expected {lowest} to {highest}.");
    }
}
