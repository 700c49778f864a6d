using ResLora.Formats.Errors;
using ResLora.Images.Preprocessing;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Images.Preprocessing;

public sealed class PreprocessorFileTests
{
    private static readonly double[] _half = [0.5, 0.5, 0.5];

    [Fact]
    public void Read_UsualVit_GivesItsSteps()
    {
        var got = Read("""
            { "image_processor_type": "ViTImageProcessor", "do_resize": true, "do_rescale": true, "rescale_factor": 0.5, "do_normalize": true, "resample": 3,
              "size": { "height": 28, "width": 37 }, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6] }
            """);

        Assert.Equal(new ResizeRule.Exact(28, 37), got.Resize);
        Assert.Equal(Resampling.Bicubic, got.Resampling);
        Assert.Null(got.Crop);
        Assert.Equal(0.5, got.RescaleFactor);
        Assert.Equal([0.1, 0.2, 0.3], got.Mean);
        Assert.Equal([0.4, 0.5, 0.6], got.Deviation);
    }

    // transformers 5.12, image_processing_pil_*.py
    [Theory]
    [InlineData("ViTFeatureExtractor", "224x224", Resampling.Bilinear, null, 0.5)]
    [InlineData("ViTImageProcessorFast", "224x224", Resampling.Bilinear, null, 0.5)]
    [InlineData("DeiTImageProcessor", "256x256", Resampling.Bicubic, 224, 0.5)]
    [InlineData("BeitImageProcessor", "224x224", Resampling.Bicubic, null, 0.5)]
    [InlineData("CLIPImageProcessor", "224", Resampling.Bicubic, 224, 0.48145466)]
    [InlineData("BitImageProcessor", "224", Resampling.Bicubic, 224, 0.48145466)]
    [InlineData("SiglipImageProcessor", "224x224", Resampling.Bicubic, null, 0.5)]
    [InlineData("ConvNextImageProcessor", "384x384", Resampling.Bicubic, null, 0.5)]
    public void Read_FileThatSaysNothing_TakesTheDefaultsOfItsClass(string type, string size, Resampling resampling, int? crop, double mean)
    {
        var got = Read($$"""{ "image_processor_type": "{{type}}", "size": null, "resample": null, "do_center_crop": null }""");

        Assert.Equal(size, got.Resize switch { ResizeRule.Exact exact => $"{exact.Height}x{exact.Width}", ResizeRule.ShortestEdge edge => $"{edge.Length}", _ => "" });
        Assert.Equal(resampling, got.Resampling);
        Assert.Equal(crop, got.Crop?.Height);
        Assert.Equal(1 / 255.0, got.RescaleFactor);
        Assert.Equal(mean, got.Mean![0]);
    }

    [Theory]
    [InlineData("ViT", true)]
    [InlineData("DeiT", true)]
    [InlineData("Beit", true)]
    [InlineData("CLIP", false)]
    [InlineData("Bit", false)]
    [InlineData("Siglip", false)]
    public void Read_NumberAsSize_IsASquareOrTheShorterSideByClass(string name, bool isSquare)
    {
        var got = Read($$"""{ "feature_extractor_type": "{{name}}FeatureExtractor", "size": 28 }""");

        Assert.Equal(isSquare ? new ResizeRule.Exact(28, 28) : new ResizeRule.ShortestEdge(28), got.Resize);
    }

    [Theory]
    [InlineData("28", 0.875, 32, 28)]
    [InlineData("""{ "shortest_edge": 28 }""", 0.95, 29, 28)]
    public void Read_ConvNextBelow384_CropsTheShareOfTheShorterSide(string size, double share, int edge, int crop)
    {
        var got = Read($$"""{ "image_processor_type": "ConvNextImageProcessor", "size": {{size}}, "crop_pct": {{share}} }""");

        Assert.Equal(new ResizeRule.ShortestEdge(edge), got.Resize);
        Assert.Equal((crop, crop), got.Crop);
    }

    [Theory]
    [InlineData("vit", 0.5)]
    [InlineData("dinov2", 0.48145466)]
    public void Read_WithoutAType_GoesByTheModel(string model, double mean)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", $$"""{ "model_type": "{{model}}" }""");
        folder.Write("preprocessor_config.json", """{ "size": 28 }""");

        Assert.Equal(mean, PreprocessorFile.Read(folder.Path).Mean![0]);
    }

    [Fact]
    public void Read_StepsThatAreOff_AreLeftOut()
    {
        var got = Read("""{ "image_processor_type": "CLIPImageProcessor", "do_resize": false, "do_center_crop": false, "do_rescale": false, "do_normalize": false }""");

        Assert.Equal((null, null, null, null, null), (got.Resize, got.Crop, got.RescaleFactor, got.Mean, got.Deviation));
    }

    [Theory]
    [InlineData("\"do_flip_channel_order\": true", "'do_flip_channel_order' is true")]
    [InlineData("\"do_pad\": true", "'do_pad' is true")]
    [InlineData("\"do_something_new\": true", "'do_something_new' is true")]
    [InlineData("\"rescale_offset\": true", "'rescale_offset' is true")]
    [InlineData("\"include_top\": true", "'include_top' is true")]
    [InlineData("\"size\": { \"longest_edge\": 8 }", "size is { \"longest_edge\": 8 }")]
    [InlineData("\"size\": { \"height\": 8 }", "size is { \"height\": 8 }")]
    [InlineData("\"size\": 0", "size has 0")]
    [InlineData("\"size\": 1000000", "size has 1000000")]
    [InlineData("\"size\": \"224\"", "size is \"224\"")]
    [InlineData("\"do_center_crop\": true", "there is no crop_size")]
    [InlineData("\"do_resize\": 1", "do_resize is 1")]
    [InlineData("\"resample\": 6", "resample is 6")]
    [InlineData("\"resample\": \"bicubic\"", "resample is \"bicubic\"")]
    [InlineData("\"image_mean\": [0.5]", "image_mean has 1 numbers")]
    [InlineData("\"image_mean\": [0.5, \"x\", 0.5]", "image_mean has \"x\"")]
    [InlineData("\"image_std\": [0.5, 0, 0.5]", "image_std has a 0")]
    [InlineData("\"rescale_factor\": 1e300", "rescale_factor has 1e300")]
    public void Read_WhatIsNotCarriedOut_IsRefusedByName(string member, string part)
    {
        var error = Assert.Throws<ConfigException>(() => Read($$"""{ "image_processor_type": "ViTImageProcessor", {{member}} }"""));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralProblems_AreToldTogether()
    {
        var error = Assert.Throws<ConfigException>(() => Read("""{ "image_processor_type": "ViTImageProcessor", "size": 0, "resample": 9, "do_pad": true }"""));

        Assert.All(["size", "resample", "do_pad"], key => Assert.Contains(key, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("EfficientNetImageProcessor")]
    [InlineData("MobileViTFeatureExtractor")]
    [InlineData("ViT")]
    public void Read_UnknownClass_IsRefusedByName(string type)
    {
        var error = Assert.Throws<ConfigException>(() => Read($$"""{ "image_processor_type": "{{type}}" }"""));

        Assert.Contains($"'{type}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_UnknownKey_IsToldOf()
    {
        var heard = new List<string>();
        using (Warnings.Listen(heard.Add))
        {
            Read("""{ "image_processor_type": "ViTImageProcessor", "zebra": 1, "crop_size": 3, "device": null, "data_format": "channels_first" }""");
        }

        Assert.Contains("'zebra'", Assert.Single(heard), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{ \"size\": 28 }")]
    [InlineData("{")]
    public void Read_FileThatIsNone_IsRefused(string json) => Assert.Throws<FileFormatException>(() => Read(json));

    [Fact]
    public void Write_OfANewModel_IsReadBack()
    {
        using var folder = new TemporaryFolder();

        PreprocessorFile.Write(folder.Path, Preprocessor.New(32, 48));

        var got = PreprocessorFile.Read(folder.Path);
        Assert.Equal(new ResizeRule.Exact(32, 48), got.Resize);
        Assert.Equal(Resampling.Bilinear, got.Resampling);
        Assert.Equal(1 / 255.0, got.RescaleFactor);
        Assert.Equal(_half, got.Mean);
        Assert.Equal(_half, got.Deviation);
        Assert.Null(got.Crop);
        Assert.Contains("\"ViTImageProcessor\"", File.ReadAllText(folder["preprocessor_config.json"]), StringComparison.Ordinal);
    }

    private static Preprocessor Read(string json)
    {
        using var folder = new TemporaryFolder();
        folder.Write("preprocessor_config.json", json);
        return PreprocessorFile.Read(folder.Path);
    }
}
