using ResLora.Experiments.Workloads.TextToImage;
using ResLora.Formats.Errors;
using ResLora.Images.Folders;
using ResLora.Models;
using ResLora.Tests.Images;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Workloads.TextToImage;

public sealed class EncodedCaptionsTests : IDisposable
{
    private const double Float32 = 1e-5;

    private static readonly PictureSource[] _pictures =
        [.. Enumerable.Range(0, 3).Select(i => PictureSource.OfBytes($"{i}", $"row {i}", TinyPictures.Png(TinyPictures.Noise(16, 16, i))))];

    private readonly TemporaryFolder _folder = new();
    private readonly string _pipeline;
    private readonly ModelSession _session;
    private readonly DisposeScope _scope = NewDisposeScope();

    public EncodedCaptionsTests()
    {
        _pipeline = TinyPipeline.Write(_folder["sd"]);
        _session = ModelSession.Load(_pipeline);
    }

    private TextToImageModel Model => (TextToImageModel)_session.Model;

    [Fact]
    public void Prepare_ASecondTime_EncodesNothing()
    {
        Assert.Equal([(1, 3), (2, 3), (3, 3)], Prepare(New()));
        var written = Written();

        Assert.Empty(Prepare(New()));

        Assert.Equal(written, Written());
        Assert.Equal(5, written.Length);   // three pictures, the caption and the empty one
    }

    [Fact]
    public void Prepare_EqualPicturesAndCaptions_AreEncodedOnce()
    {
        var encoded = New();
        var twin = PictureSource.OfBytes("twin", "row 9", _pictures[0].Read());
        var told = new List<(int, int)>();

        encoded.Prepare(
            _session, [.. _pictures, twin], [Ids(encoded, "red"), Ids(encoded, "RED")], (done, total) => told.Add((done, total)), Stop);

        Assert.Equal((3, 3), told[^1]);
        Assert.Equal(4, Written().Length);
    }

    [Fact]
    public void Latents_AreTheAutoencodersOfThePictureAndOfItsMirrorImage()
    {
        using var noGradient = no_grad();
        using var vae = TinyPipeline.CreateVae();
        var encoded = New(mirrors: true);
        Prepare(encoded);
        var bytes = _pictures[1].Decode().Bytes.Select(level => (level / 127.5f) - 1).ToArray();
        var pixels = tensor(bytes).view(1, 16, 16, 3).permute(0, 3, 1, 2);   // [1, 3, 16, 16] from −1 to 1

        foreach (var mirrored in new[] { false, true })
        {
            var (mean, logVariance) = vae.Encode(mirrored ? pixels.flip(3) : pixels);
            var (readMean, readDeviation) = encoded.Latents(encoded.KeyOf(_pictures[1]), mirrored);

            Assert.Equal([4, 8, 8], readMean.shape);
            Assert.InRange((readMean - (mean[0] * 0.5)).abs().max().item<float>(), 0, Float32);
            Assert.InRange((readDeviation - ((logVariance[0] / 2).exp() * 0.5)).abs().max().item<float>(), 0, Float32);
        }
    }

    [Fact]
    public void Encoded_IsWhatTheTextEncoderSays()
    {
        using var noGradient = no_grad();
        var encoded = New();
        Prepare(encoded);
        var ids = Ids(encoded, "red");

        var expected = Model.Encode(tensor(ids.Select(id => (long)id).ToArray()).unsqueeze(0))[0];

        Assert.True(encoded.Encoded(encoded.KeyOf(ids)).equal(expected).all().item<bool>());
        Assert.False(encoded.Encoded(encoded.KeyOf(ids)).equal(encoded.Encoded(encoded.NoCaptionKey)).all().item<bool>());
    }

    /// <summary>What is kept under a key depends on nothing that the key does not.</summary>
    [Fact]
    public void KeyOf_WhateverChangesTheNumbers_IsAnother()
    {
        var usual = New();
        var ids = Ids(usual, "red");
        var vae = TinyPipeline.Write(_folder["vae"], vae: TinyPipeline.Vae with { ScalingFactor = 0.25 });
        var text = TinyPipeline.Write(_folder["text"]);
        TinyPipeline.Change(text, "text_encoder/config.json", "\"quick_gelu\"", "\"gelu\"");
        using var narrow = ModelSession.Load(_pipeline, dtype: ScalarType.BFloat16);
        var inSixteenBits = new EncodedCaptions((TextToImageModel)narrow.Model, _pipeline, 16, false, Cache());

        Assert.Equal((usual.KeyOf(_pictures[0]), usual.KeyOf(ids)), (New().KeyOf(_pictures[0]), New().KeyOf(ids)));
        Assert.Equal(
            6,
            new[]
            {
                usual.KeyOf(_pictures[0]), usual.KeyOf(_pictures[1]), New(resolution: 8).KeyOf(_pictures[0]), New(mirrors: true)
                    .KeyOf(_pictures[0]),
                New(folder: vae).KeyOf(_pictures[0]), usual.KeyOf(ids),
            }.Distinct().Count());
        Assert.Equal(
            4, new[] { usual.KeyOf(ids), usual.KeyOf(Ids(usual, "")), New(folder: text).KeyOf(ids), inSixteenBits.KeyOf(ids) }.Distinct()
                .Count());
        Assert.Equal(usual.KeyOf(_pictures[0]), New(folder: text).KeyOf(_pictures[0]));
        Assert.Equal(usual.KeyOf(ids), New(folder: vae).KeyOf(ids));
    }

    [Fact]
    public void Prepare_FilesThatWereDamaged_AreMadeAnew()
    {
        Prepare(New());
        var before = Written().ToDictionary(file => file, File.ReadAllBytes);
        foreach (var file in before.Keys)
        {
            File.WriteAllBytes(file, before[file][..^4]);
        }

        Assert.Equal(3, Prepare(New()).Count);

        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
    }

    [Fact]
    public void Prepare_ABrokenPicture_NamesItAndKeepsTheOthers()
    {
        var broken = PictureSource.OfBytes("bad", "table.parquet, row 17", "no picture"u8.ToArray());

        var error = Assert.Throws<FileFormatException>(() => New().Prepare(_session, [_pictures[0], broken, _pictures[1]], [], null, Stop));

        Assert.Contains("table.parquet, row 17", error.Message, StringComparison.Ordinal);
        Assert.Single(Written());
    }

    [Fact]
    public void Prepare_Stopped_GoesOnWhereItWas()
    {
        using var stop = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(
            () => New().Prepare(_session, _pictures, [], (done, _) => Stopped(stop, done == 2), stop.Token));

        Assert.Equal([(1, 1)], Prepare(New()));
    }

    [Theory]
    [InlineData(12)]
    [InlineData(20)]
    public void New_ASizeThatTheLevelsDoNotDivide_IsRefusedWithWhatDoes(int resolution)
    {
        var error = Assert.Throws<ConfigException>(() => New(resolution: resolution));

        Assert.Contains("must be a multiple of 8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_AnAutoencoderOfOtherLatents_IsRefused()
    {
        var folder = TinyPipeline.Write(_folder["three"], vae: TinyPipeline.Vae with { LatentChannels = 3 });

        var error = Assert.Throws<FileFormatException>(() => New(folder: folder));

        Assert.Contains("latents have 3 channels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_ATokenizerWithMoreTokensThanTheTextEncoder_IsRefusedWithBothNumbers()
    {
        var folder = TinyPipeline.Write(_folder["tokens"]);
        TinyPipeline.Change(folder, "tokenizer/vocab.json", "\":513", "\":514");

        var error = Assert.Throws<FileFormatException>(() => New(folder: folder));

        Assert.Contains("the tokenizer has 515 tokens, and the text encoder has rows for 514", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_AFolderOfAnotherNetworkAsAutoencoder_IsRefused()
    {
        var folder = TinyPipeline.Write(_folder["odd"]);
        File.Copy(Path.Combine(folder, "unet/config.json"), Path.Combine(folder, "vae/config.json"), overwrite: true);

        var error = Assert.Throws<FileFormatException>(() => New(folder: folder));

        Assert.Contains(Path.Combine(folder, "vae"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PrepareAndRead_LeaveNoTensorsBesideTheNetworks()
    {
        var encoded = New(mirrors: true);
        Prepare(encoded);
        var networks = LiveTensors.Growth(() =>
        {
            PictureAutoencoder.Build(_pipeline).Dispose();
            PictureAutoencoder.Load(_pipeline).Dispose();
        });

        var growth = LiveTensors.Growth(() =>
        {
            Prepare(New(mirrors: true, cache: "other"));
            var (mean, deviation) = encoded.Latents(encoded.KeyOf(_pictures[0]), mirrored: true);
            mean.Dispose();
            deviation.Dispose();
            encoded.Encoded(encoded.KeyOf(Ids(encoded, "red"))).Dispose();
        });

        Assert.Equal(networks, growth);   // disposing a network leaves some handles to the finalizer
    }

    public void Dispose()
    {
        _scope.Dispose();
        _session.Dispose();
        _folder.Dispose();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static void Stopped(CancellationTokenSource stop, bool now)
    {
        if (now)
        {
            stop.Cancel();
        }
    }

    private TensorCache Cache(string name = "cache") => new(_folder[name]);

    private EncodedCaptions New(int resolution = 16, bool mirrors = false, string? folder = null, string cache = "cache") =>
        new(Model, folder ?? _pipeline, resolution, mirrors, Cache(cache));

    private static int[] Ids(EncodedCaptions encoded, string caption) => encoded.Tokenizer.Encode(caption);

    private List<(int Done, int Total)> Prepare(EncodedCaptions encoded)
    {
        var told = new List<(int, int)>();
        encoded.Prepare(_session, _pictures, [Ids(encoded, ""), Ids(encoded, "red")], (done, total) => told.Add((done, total)), Stop);
        return told;
    }

    private string[] Written() => [.. Directory.GetFiles(_folder["cache"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
