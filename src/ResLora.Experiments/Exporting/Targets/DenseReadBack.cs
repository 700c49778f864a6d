using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>What LoHa and LoKr add to a linear layer, from the tensors of a PEFT folder alone.</summary>
internal static class DenseReadBack
{
    private const string Hadamard = ".hada_w", Kronecker = ".lokr_w";

    /// <summary>How the names of their factors end.</summary>
    public static IReadOnlyList<string> Ends { get; } =
    [
        .. new[] { "1_a", "1_b", "2_a", "2_b" }.SelectMany(
            end => new[] { Hadamard + end, Kronecker + end }), Kronecker + "1", Kronecker + "2",
    ];

    /// <summary>The names of the layers that have such factors, as they are in the file.</summary>
    /// <param name="factors">The file.</param>
    /// <returns>Each once.</returns>
    public static IEnumerable<string> Modules(SafetensorsReader factors) =>
        factors.Entries.Keys.Where(
            name => Ends.Any(end => name.EndsWith(end, StringComparison.Ordinal))).Select(name => name[..name.LastIndexOf('.')]).Distinct();

    /// <summary>The update without its scaling: (X₁ Y₁) ⊙ (X₂ Y₂), or U ⊗ V.</summary>
    /// <param name="factors">The file.</param>
    /// <param name="module">The layer's name in it.</param>
    /// <param name="shape">The weight's shape; of a convolution, whose kernels U ⊗ V repeats whole, [Dout, C, Y, X].</param>
    /// <returns>[Dout, Din] in float64, in the caller's dispose scope.</returns>
    public static Tensor Product(SafetensorsReader factors, string module, long[] shape) =>
        factors.Entries.ContainsKey($"{module}{Hadamard}1_a")
        ? (Factor(factors, $"{module}{Hadamard}1") * Factor(factors, $"{module}{Hadamard}2")).flatten(1)
        : KroneckerProduct(Factor(factors, $"{module}{Kronecker}1"), Factor(factors, $"{module}{Kronecker}2"), shape);

    private static Tensor KroneckerProduct(Tensor left, Tensor right, long[] shape)
    {
        if (shape.Length == 4)
        {
            right = right.view(right.shape[0], -1, shape[2], shape[3]);   // [Dout₂, C₂·Y·X] -> [Dout₂, C₂, Y, X]
            left = left.unsqueeze(2).unsqueeze(2);                        // [Dout₁, C₁] -> [Dout₁, C₁, 1, 1]
        }

        return kron(left, right).flatten(1);
    }

    /// <summary>A factor that is stored whole or as a product of two.</summary>
    private static Tensor Factor(SafetensorsReader factors, string name) => factors.Entries.ContainsKey(name)
        ? factors.Read(name).to(float64)
        : factors.Read(name + "_a").to(float64).matmul(factors.Read(name + "_b").to(float64));
}
