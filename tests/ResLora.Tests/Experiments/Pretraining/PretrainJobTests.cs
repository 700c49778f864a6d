using ResLora.Experiments.Pretraining;
using ResLora.Formats.Errors;
using ResLora.Training;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Pretraining;

public sealed class PretrainJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Run_TinyTexts_GivesAModelThatLoads()
    {
        using var session = ModelSession.Load(world.Model);

        Assert.Equal(3, session.Model.LayerCount);
        Assert.Equal(session.Tokenizer.VocabularySize, session.Text.VocabularySize);
        Assert.Equal("3 + 4 = 7.", session.Tokenizer.Decode(session.Tokenizer.Encode("3 + 4 = 7.")));
    }

    [Fact]
    public void Run_OutputExists_IsReplacedOnlyWhenAllowed()
    {
        var again = world.Pretraining with { Run = world.Folder["again-run"] };

        var error = Assert.Throws<ConfigException>(() => PretrainJob.Run(again, stop: TestContext.Current.CancellationToken));
        var report = PretrainJob.Run(again, overwrite: true, stop: TestContext.Current.CancellationToken);

        Assert.Contains("exists and is not empty", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, report.Result!.Steps);
    }

    [Theory]
    [InlineData("their-model", "their-run", "because reslora did not write it")]
    [InlineData("around", "around/run", "written over what it is made from")]
    public void Run_OutputThatIsNotOurs_IsRefusedBeforeAnyWork(string output, string run, string expected)
    {
        Directory.CreateDirectory(world.Folder["their-model"]);
        File.WriteAllText(world.Folder["their-model/model.safetensors"], "downloaded for hours");
        var config = world.Pretraining with { Output = world.Folder[output], Run = world.Folder[run] };

        var error = Assert.Throws<ConfigException>(
            () => PretrainJob.Run(config, overwrite: true, stop: TestContext.Current.CancellationToken));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal("downloaded for hours", File.ReadAllText(world.Folder["their-model/model.safetensors"]));
        Assert.False(Directory.Exists(config.Run));
    }

    [Fact]
    public void Run_SettingsThatCannotBe_AreListed()
    {
        var config = world.Pretraining;
        config =
            config with { SaveAs = "int4", Training = config.Training with { MaxLength = 4096, DataType = "bfloat16", MaxMemory = "1GB" } };

        var error = Assert.Throws<ConfigException>(() => PretrainJob.Run(config, stop: TestContext.Current.CancellationToken));

        Assert.Contains("saveAs is 'int4'", error.Message, StringComparison.Ordinal);
        Assert.Contains("training.maxLength is 4096", error.Message, StringComparison.Ordinal);
        Assert.Contains("training.maxMemory is given", error.Message, StringComparison.Ordinal);
        Assert.Contains("training.dataType is 'bfloat16'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_HeadsThatDoNotDivide_AreRefused()
    {
        var config = world.Pretraining;
        config = config with { Output = world.Folder["odd"], Model = config.Model with { Heads = 3 } };

        Assert.Contains(
            "num_attention_heads",
            Assert.Throws<ConfigException>(() => PretrainJob.Run(config, stop: TestContext.Current.CancellationToken)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Run_InitOnly_WritesShardsOfAnUntrainedModel()
    {
        var config = world.Pretraining;
        config = config with
        {
            Texts = null,
            InitOnly = true,
            Tokenizer = new NewTokenizerConfig { From = world.Model },
            Model = config.Model with { Vocabulary = 300, InitializerRange = 0.5 },
            SaveAs = "bfloat16",
            MaxShardSize = "8kB",
            Output = world.Folder["untrained"],
        };

        var report = PretrainJob.Run(config, stop: TestContext.Current.CancellationToken);
        using var session = ModelSession.Load(config.Output);

        Assert.Equal((null, null), (report.Result, report.RunFolder));
        Assert.Equal((300, 300), (report.Vocabulary, session.Text.VocabularySize));
        Assert.Equal(report.Parameters, session.Model.parameters().Sum(p => p.numel()));
        Assert.Equal(bfloat16, session.Model.DataType);
        Assert.True(Directory.EnumerateFiles(config.Output, "model-*-of-*.safetensors").Count() > 1);
        Assert.Equal("3 + 4 = 7.", session.Tokenizer.Decode(session.Tokenizer.Encode("3 + 4 = 7.")));
        // 4800 numbers: the deviation is known to about one in a hundred.
        Assert.InRange(
            session.Model.named_parameters().First(
                p => p.name.EndsWith("embed_tokens.weight", StringComparison.Ordinal)).parameter.to(float32).std().item<float>(),
            0.47f,
            0.53f);
    }

    [Fact]
    public void Run_InitOnlyOnTexts_TrainsTheTokenizerOnly()
    {
        var config = world.Pretraining with { InitOnly = true, Output = world.Folder["untrained-texts"] };

        var report = PretrainJob.Run(config, stop: TestContext.Current.CancellationToken);

        Assert.InRange(report.Vocabulary!.Value, 260, 280);
        Assert.False(Directory.Exists(config.Output + "-run"));
        Assert.True(File.Exists(Path.Combine(config.Output, "model.safetensors")));
    }

    [Fact]
    public void Run_FewerRowsThanTokens_IsRefused()
    {
        var config = world.Pretraining;
        config = config with { InitOnly = true, Output = world.Folder["small"], Model = config.Model with { Vocabulary = 100 } };

        var error = Assert.Throws<ConfigException>(() => PretrainJob.Run(config, stop: TestContext.Current.CancellationToken));

        Assert.Contains("model.vocabulary is 100", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(config.Output));
    }

    [Fact]
    public void Run_NoTextsToLearnFrom_IsRefused()
    {
        var config = world.Pretraining with { Texts = null, Output = world.Folder["no-texts"], MaxShardSize = "many" };

        var error = Assert.Throws<ConfigException>(() => PretrainJob.Run(config, stop: TestContext.Current.CancellationToken));

        Assert.Contains("texts is missing", error.Message, StringComparison.Ordinal);
        Assert.Contains("maxShardSize is 'many'", error.Message, StringComparison.Ordinal);
    }
}
