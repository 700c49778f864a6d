using ResLora.Models;
using ResLora.Models.Fused;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Running;

/// <summary>What <c>training.dataType: auto</c> stands for.</summary>
internal static class ComputeType
{
    /// <summary>The word in configurations.</summary>
    public const string Auto = "auto";

    /// <summary>
    /// Puts a dtype in the place of <c>auto</c>: bfloat16 for an adapter on a model of the Llama family whose files are bfloat16, where
    /// this processor multiplies bfloat16 by itself; else float32.
    /// </summary>
    /// <param name="config">The settings.</param>
    /// <returns>The same settings with float32 or bfloat16.</returns>
    /// <exception cref="ResLora.Formats.Errors.ResLoraException">The model's folder cannot be used.</exception>
    public static RunConfig Resolve(RunConfig config) =>
        config.Training.DataType == Auto
            ? config with { Training = config.Training with { DataType = IsFasterInBFloat16(config) ? "bfloat16" : "float32" } }
            : config;

    private static bool IsFasterInBFloat16(RunConfig config)
    {
        if (!FusedKernels.HasProducts || (config.Adapter is null && config.StartFrom is null))
        {
            return false;
        }

        using var model = ModelRegistry.Plan(config.Model);
        return model is CausalLanguageModel && SafetensorsEntry.MainType(
            CheckpointReader.ReadHeader(config.Model).Entries.Values) == ScalarType.BFloat16;
    }
}
