using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Models.Diffusion;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Vae;

public sealed class VaeModelTests
{
    [Fact]
    public void Encode_Pictures_HaveALatentForEachFactor()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVae.Create();

        var (mean, logVariance) = model.Encode(TinyVae.Pixels());

        Assert.Equal(4, model.Factor);
        Assert.Equal([2L, 4, 2, 3], mean.shape);
        Assert.Equal([2L, 4, 2, 3], logVariance.shape);
        Assert.True(TestSchedules.Distance(mean, logVariance) > 0);
    }

    [Fact]
    public void Decode_Latents_HaveAPictureOfTheirOwn()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVae.Create();

        var pictures = model.Decode(TinyVae.Latents());

        Assert.Equal([2L, 3, 8, 12], pictures.shape);
        Assert.True(TestSchedules.Distance(pictures[0], pictures[1]) > 0);
    }

    /// <summary>A batch takes no more memory than one picture.</summary>
    [Fact]
    public void EncodeAndDecode_Batch_SeeOnePictureAtATime()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVae.Create();
        var (pixels, latents, seen) = (TinyVae.Pixels(3), TinyVae.Latents(3), new List<(string Part, long Pictures)>());
        model.Watch = (part, output) => seen.Add((part, output.shape[0]));

        var (mean, logVariance) = model.Encode(pixels);
        var pictures = model.Decode(latents);

        Assert.All(seen, one => Assert.Equal(1, one.Pictures));
        Assert.Equal(3, seen.Count(one => one.Part == "encoder.conv_in"));
        Assert.Equal(3, seen.Count(one => one.Part == "decoder.conv_in"));
        for (var i = 0; i < 3; i++)
        {
            var alone = model.Encode(pixels.narrow(0, i, 1));
            Assert.Equal(0, TestSchedules.Distance(alone.Mean[0], mean[i]));
            Assert.Equal(0, TestSchedules.Distance(alone.LogVariance[0], logVariance[i]));
            Assert.Equal(0, TestSchedules.Distance(model.Decode(latents.narrow(0, i, 1))[0], pictures[i]));
        }
    }

    [Fact]
    public void Encode_VarianceOutOfBounds_IsClamped()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVae.Create();
        var bias = model.named_parameters().Single(p => p.name == "quant_conv.bias").parameter;
        bias.narrow(0, 4, 2).fill_(1000);
        bias.narrow(0, 6, 2).fill_(-1000);

        var (mean, logVariance) = model.Encode(TinyVae.Pixels());

        Assert.Equal((20, 20), (logVariance[.., ..2].min().item<float>(), logVariance[.., ..2].max().item<float>()));
        Assert.Equal((-30, -30), (logVariance[.., 2..].min().item<float>(), logVariance[.., 2..].max().item<float>()));
        Assert.True(mean.abs().max().item<float>() < 100);
    }

    [Fact]
    public void EncodeAndDecode_AgainAndAgain_LeaveNothingBehind()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVae.Create();
        var (pixels, latents) = (TinyVae.Pixels(), TinyVae.Latents());
        model.Decode(latents).Dispose();

        var growth = LiveTensors.Growth(() =>
        {
            for (var i = 0; i < 3; i++)
            {
                var (mean, logVariance) = model.Encode(pixels);
                mean.Dispose();
                logVariance.Dispose();
                model.Decode(latents).Dispose();
            }
        });

        Assert.Equal(0, growth);
    }

    [Theory]
    [InlineData(10, 12)]
    [InlineData(8, 3)]
    public void Encode_SizeThatIsNoMultiple_IsRefused(long height, long width)
    {
        using var scope = NewDisposeScope();
        using var model = TinyVae.Create();

        var exception = Assert.Throws<ShapeException>(() => model.Encode(TinyVae.Pixels(1, height, width)));

        Assert.Contains("multiples of 4", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"{width} x {height}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EncodeAndDecode_OtherChannelsOrNoPicture_AreRefused()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVae.Create();

        Assert.Throws<ShapeException>(() => model.Encode(TinyVae.Latents(1, 8, 8)));
        Assert.Throws<ShapeException>(() => model.Encode(TinyVae.Pixels(1)[0]));
        Assert.Throws<ShapeException>(() => model.Encode(zeros(0, 3, 8, 8)));
        Assert.Throws<ShapeException>(() => model.Decode(TinyVae.Pixels(1)));
        Assert.Throws<ShapeException>(() => model.Decode(TinyVae.Latents(1)[0]));
        Assert.Throws<ShapeException>(() => model.Decode(zeros(0, 4, 2, 2)));
        Assert.Throws<ArgumentNullException>(() => model.Encode(null!));
        Assert.Throws<ArgumentNullException>(() => model.Decode(null!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_NamesOfEitherAge_GiveTheSameNumbers(bool isOld)
    {
        string Renamed(string name) => !isOld ? name : name
            .Replace(".to_q.", ".query.", StringComparison.Ordinal).Replace(".to_k.", ".key.", StringComparison.Ordinal)
            .Replace(".to_v.", ".value.", StringComparison.Ordinal).Replace(".to_out.0.", ".proj_attn.", StringComparison.Ordinal);
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVae.Create();

        using var loaded = (PictureAutoencoder)ModelRegistry.Load(TinyVae.Write(folder, model, Renamed));

        Assert.Equal((4, 4, 0.5), (loaded.Factor, loaded.LatentChannels, loaded.ScalingFactor));
        Assert.Equal(0, TestSchedules.Distance(model.Encode(TinyVae.Pixels()).Mean, loaded.Encode(TinyVae.Pixels()).Mean));
        Assert.Equal(0, TestSchedules.Distance(model.Decode(TinyVae.Latents()), loaded.Decode(TinyVae.Latents())));
    }

    [Fact]
    public void Load_TensorThatIsMissing_IsNamed()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyVae.Create();
        var path = TinyVae.Write(folder, model, name => name == "decoder.conv_out.bias" ? "decoder.conv_out.shift" : name);

        var exception = Assert.Throws<FileFormatException>(() => ModelRegistry.Load(path));

        Assert.Contains("decoder.conv_out.bias", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_WithoutWhatIsOptional_HasNoSuchNames()
    {
        using var scope = NewDisposeScope();
        using var model = TinyVae.Create(
            TinyVae.Config with { HasQuantConvolution = false, HasPostQuantConvolution = false, HasAttention = false });

        var (mean, _) = model.Encode(TinyVae.Pixels());

        Assert.Equal([2L, 4, 2, 3], mean.shape);
        Assert.DoesNotContain(
            model.named_parameters(),
            p => p.name.Contains("quant", StringComparison.Ordinal) || p.name.Contains("attentions", StringComparison.Ordinal));
    }
}
