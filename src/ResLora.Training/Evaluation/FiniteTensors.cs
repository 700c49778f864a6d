using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>Looks for numbers that are none.</summary>
internal static class FiniteTensors
{
    /// <summary>The name of the first tensor with a value that is not finite, or null.</summary>
    public static string? First(IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        tensors.Where(t => !IsFinite(t.Tensor)).Select(t => t.Name).FirstOrDefault();

    /// <summary>Whether all values are finite.</summary>
    public static bool IsFinite(Tensor tensor)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return tensor.isfinite().all().item<bool>();
    }
}
