using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Fused;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Subjects;

/// <summary>A way to carry out a training step.</summary>
/// <param name="Name">Its name in reports and options.</param>
/// <param name="DataType">The dtype of frozen weights and activations.</param>
/// <param name="IsFused">Whether the fused kernels are on.</param>
/// <param name="IsReleased">Whether adapters compute in the released code's order (<see cref="ReleasedLinear"/>).</param>
internal sealed record Variant(string Name, ScalarType DataType, bool IsFused = false, bool IsReleased = false)
{
    /// <summary>Our kernels between libtorch's products, in bfloat16.</summary>
    public static Variant Fast { get; } = new("fast-bfloat16", ScalarType.BFloat16, IsFused: true);

    /// <summary>libtorch's own operations one after another, in bfloat16.</summary>
    public static Variant EagerBFloat16 { get; } = new("eager-bfloat16", ScalarType.BFloat16);

    /// <summary>The same in float32.</summary>
    public static Variant EagerFloat32 { get; } = new("eager-float32", ScalarType.Float32);

    /// <summary>The order of operations of the authors' released code, in float32.</summary>
    public static Variant Released { get; } = new("released-float32", ScalarType.Float32, IsReleased: true);

    /// <summary>All, fastest first.</summary>
    public static IReadOnlyList<Variant> All { get; } = [Fast, EagerBFloat16, EagerFloat32, Released];

    /// <summary>Our own in bfloat16: the fast path and the eager one.</summary>
    public static IReadOnlyList<Variant> InBFloat16 { get; } = [Fast, EagerBFloat16];

    /// <summary>What a report says where the kernels do not hold.</summary>
    public static IEnumerable<string> Notes =>
        FusedKernels.IsSupported ? [] : ["This processor lacks what the kernels need: the fast path is the eager one here."];

    /// <summary>What users get in a dtype.</summary>
    /// <exception cref="ConfigException">Nothing is measured in it.</exception>
    public static Variant Default(ScalarType dtype) => All.FirstOrDefault(v => v.DataType == dtype)
        ?? throw new ConfigException($"The model is in {dtype}; benchmarks run in bfloat16 and float32.");

    /// <summary>The variant of a name.</summary>
    /// <exception cref="ConfigException">There is none.</exception>
    public static Variant Parse(string name) => All.FirstOrDefault(v => v.Name == name)
        ?? throw new ConfigException($"There is no variant '{name}' ({string.Join(", ", All.Select(v => v.Name))}).");

    /// <summary>Sets a model up for it.</summary>
    /// <param name="model">The model.</param>
    public void Apply(Network model) => model.UsesFusedKernels = IsFused;
}
