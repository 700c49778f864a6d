using ResLora.Models.Llama;
using ResLora.Tests.Models.Fused;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Llama;

public sealed class PackedTextsTests
{
    private const double Float32Tolerance = 2e-5;                      // kernels that depend on the shape of a batch
    private const double BFloat16Tolerance = 4 * KernelCheck.Rounding;   // and their roundings, two to each of the two layers

    private static readonly int[] _lengths = [1, 7, 2, 9];

    /// <summary>Families: plain, biases, head norms, and windows in all layers or some that are shorter than the longer texts.</summary>
    public static TheoryData<string, bool> Ways =>
        new MatrixTheoryData<string, bool>(["llama", "qwen2", "qwen3", "mistral", "half"], [false, true]);

    [Theory]
    [MemberData(nameof(Ways))]
    public void Hidden_Packed_IsThatOfEachTextAlone(string family, bool fused)
    {
        using var scope = NewDisposeScope();
        using var model = Create(family, fused);
        model.UsesFusedKernels = fused;
        using var noGradient = no_grad();
        var ids = Ids();

        var packed = model.Hidden(ids, packed: _lengths);

        Assert.All(Starts(), text =>
        {
            var alone = model.Hidden(ids.narrow(1, text.Start, text.Length));
            Assert.InRange(
                KernelCheck.Distance(alone, packed.narrow(1, text.Start, text.Length)), 0, fused ? BFloat16Tolerance : Float32Tolerance);
        });
        Assert.True(
            KernelCheck.Distance(model.Hidden(ids).narrow(1, 8, 11), packed.narrow(1, 8, 11)) > 0.1,
            "the tokens as one text must be something else");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Hidden_AnotherText_ChangesNoBit(string family, bool fused)
    {
        using var scope = NewDisposeScope();
        using var model = Create(family, fused);
        model.UsesFusedKernels = fused;
        using var noGradient = no_grad();
        var ids = Ids();
        var changed = ids.clone();
        changed[0, 2] = (ids[0, 2].item<long>() + 1) % 20;   // the second text's second token

        var equal = model.Hidden(ids, packed: _lengths).eq(model.Hidden(changed, packed: _lengths)).all(-1).data<bool>().ToArray();

        Assert.Equal([true, true], equal[..2]);
        Assert.Equal(Enumerable.Repeat(true, 11), equal[8..]);
        Assert.Contains(false, equal[2..8]);
    }

    [Fact]
    public void Hidden_LengthsThatDoNotFit_AreRefused()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(1, 6);

        Assert.All(
            new Action[]
            {
                () => model.Hidden(ids, packed: [2, 3]),
                () => model.Hidden(ids, packed: [4, 3]),
                () => model.Hidden(ids, packed: [6, 0]),
                () => model.Hidden(ids, packed: [8, -2]),
                () => model.Hidden(ids, packed: []),
                () => model.Hidden(TinyLlama.Ids(2, 3), packed: [3]),
            },
            call => Assert.Contains("lengths", Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Hidden_PaddingAtTheEnd_LeavesTheTextsAsTheyAre()
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(1, 6);

        var padded = model.Hidden(
            cat([ids, zeros(1, 3, dtype: int64)], 1), tensor(new long[] { 1, 1, 1, 1, 1, 1, 0, 0, 0 }).unsqueeze(0), packed: [2, 4, 3]);

        Assert.True(model.Hidden(ids, packed: [2, 4]).allclose(padded.narrow(1, 0, 6), atol: 1e-6));
    }

    private static LlamaModel Create(string family, bool fused)
    {
        KernelsOrSkip(fused);
        var config = (fused ? FusedLlama.Config : TinyLlama.Config) with { LayerCount = 2 };
        config = family switch
        {
            "half" => config with { ModelType = "qwen2", ConfiguredSlidingWindow = 3, UseSlidingWindow = true, MaxWindowLayers = 1 },
            "mistral" => config with { ModelType = family, ConfiguredSlidingWindow = 3 },
            _ => config with { ModelType = family, ConfiguredHeadSize = fused ? 32 : 4 },
        };
        var model = fused ? FusedLlama.Create(bfloat16, config) : TinyLlama.Create(config);
        model.eval();
        return model;
    }

    private static void KernelsOrSkip(bool fused)
    {
        if (fused)
        {
            KernelCheck.RequireSupport();
        }
    }

    private static Tensor Ids() => TinyLlama.Ids(1, _lengths.Sum());

    private static IEnumerable<(int Start, int Length)> Starts() => _lengths.Select((length, i) => (_lengths[..i].Sum(), length));
}
