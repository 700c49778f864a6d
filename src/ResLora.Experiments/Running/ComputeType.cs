using System.Runtime.Intrinsics.X86;
using ResLora.Formats.Errors;
using ResLora.Formats.NativeRuntime;
using ResLora.Models;
using ResLora.Models.Fused;
using ResLora.Tensors.NativeRuntime;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Running;

/// <summary>The types that a model is computed in, by their names in configurations and options.</summary>
public static class ComputeType
{
    private const string Auto = "auto";
    private const string Float32 = "float32";
    private const string BFloat16 = "bfloat16";

    /// <summary>
    /// Puts a dtype in the place of <c>training.dataType: auto</c>: bfloat16 for an adapter on a model of the Llama family whose files are
    /// bfloat16, where this processor multiplies bfloat16 by itself; else float32.
    /// </summary>
    /// <param name="config">The settings.</param>
    /// <returns>The same settings with float32 or bfloat16.</returns>
    /// <exception cref="ResLoraException">The model's folder cannot be used.</exception>
    internal static RunConfig Resolve(RunConfig config)
    {
        if (config.Training.DataType == Auto)
        {
            return config with { Training = config.Training with { DataType = IsFasterInBFloat16(config) ? BFloat16 : Float32 } };
        }

        WarnIfSlow(config.Training.DataType);
        return config;
    }

    /// <summary>
    /// Puts float32 in the place of <c>--dtype auto</c> where this processor has no instructions for the 16 bits of the files, in which it
    /// would take many times as long, and float32 fits into half of the machine's memory.
    /// </summary>
    /// <param name="name">float32, bfloat16 or auto.</param>
    /// <param name="modelFolder">The model, which nothing is trained of.</param>
    /// <returns>The name, or float32; auto then stands for the files' own type.</returns>
    /// <exception cref="ResLoraException">The model's folder cannot be used.</exception>
    public static string Resolve(string name, string modelFolder)
    {
        WarnIfSlow(name);
        return name == Auto && IsFasterInFloat32(modelFolder) ? Float32 : name;
    }

    /// <summary>The dtype of a name.</summary>
    /// <param name="name">float32, bfloat16 or auto.</param>
    /// <returns>The dtype; null for that of the files.</returns>
    public static ScalarType? Of(string name) => name switch
    {
        Float32 => ScalarType.Float32,
        BFloat16 => ScalarType.BFloat16,
        _ => null,
    };

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

    private static bool IsFasterInFloat32(string modelFolder)
    {
        // A pipeline is computed in float32 whatever its files are; what is no model is told when it is loaded.
        if (PipelineParts.IsPipeline(modelFolder) || !CheckpointReader.Exists(modelFolder))
        {
            return false;
        }

        var tensors = CheckpointReader.ReadHeader(modelFolder).Entries.Values;
        return IsSlow(SafetensorsEntry.MainType(tensors))
            && tensors.Sum(tensor => tensor.CopiedLength(ScalarType.Float32)) <= SystemMemory.TotalBytes / 2;
    }

    private static bool IsSlow(ScalarType? type) => ComputeDevice.Current.type == TorchSharp.DeviceType.CPU
        && (type == ScalarType.Float16 || (type == ScalarType.BFloat16 && !FusedKernels.HasProducts));

    private static void WarnIfSlow(string name)
    {
        if (X86Base.IsSupported && IsSlow(Of(name)))
        {
            Warnings.Add(
                "this processor has no instructions for bfloat16, in which it takes many times as long as in float32; " +
                "auto takes float32 here.");
        }
    }
}
