using ResLora.Experiments.Inspection;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Tests.Tensors.Gguf;
using Xunit;

namespace ResLora.Tests.Experiments.Inspection;

public sealed class InspectorTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Inspect_Model_CountsParametersAndListsLinearLayers()
    {
        var report = Inspector.Inspect(world.Model);

        Assert.Equal("model", report.Kind);
        Assert.Contains(new("layers", "3"), report.Facts);
        Assert.Equal(report.Parameters, report.ParametersByType["float32"]);
        Assert.Equal(4 * report.Parameters, report.Bytes);
        var query = Assert.Single(report.LinearLayers, group => group.Suffix == "q_proj");
        Assert.Equal((16, 16, 3), (query.Inputs, query.Outputs, query.Modules.Count));
        Assert.Equal("model.layers.0.self_attn.q_proj", query.Modules[0]);
    }

    [Fact]
    public void Inspect_Model_ShowsWhatStandsInFrontAndWhereATextEnds()
    {
        var facts = Inspector.Inspect(world.Model).Facts;

        Assert.Contains(new("in front of a text", "<s> (0)"), facts);
        Assert.Contains(new("a text ends at", "</s> (1), by config.json"), facts);
        Assert.Contains(new("trained end", "</s> (1)"), facts);
    }

    [Fact]
    public void Inspect_Gguf_ShowsKeysAndTypesEvenOfTensorsThatCannotBeRead()
    {
        const uint text = 8, list = 9, flag = 7, q4 = 2, iq1 = 19;
        using var files = new TemporaryFolder();
        var path = files.Write("a.gguf", new RawGguf { DataLength = 256 }
            .Key("general.architecture", text, RawGguf.Text("llama"))
            .Key("tokenizer.ggml.model", text, RawGguf.Text("gpt2"))
            .Key("tokenizer.ggml.tokens", list, [.. RawGguf.U32(text), .. RawGguf.U64(1), .. RawGguf.Text("a")])
            .Key("tokenizer.chat_template", text, RawGguf.Text(new string('x', 200)))
            .Key("yes", flag, 1)
            .Tensor("a", [32, 2], q4, 0)
            .Tensor("b", [256], iq1, 64)
            .Build());

        var report = Inspector.Inspect(path);

        Assert.Equal("gguf", report.Kind);
        Assert.Contains(new("architecture", "llama"), report.Facts);
        Assert.Contains(new("tokenizer", "gpt2, 1 tokens"), report.Facts);
        Assert.Contains(new("chat template", "yes"), report.Facts);
        Assert.Contains(new("yes", "true"), report.Facts);
        Assert.Contains(
            report.Facts, fact => fact.Key == "tokenizer.chat_template" && fact.Value.EndsWith("(200 letters)", StringComparison.Ordinal));
        Assert.Contains(report.Facts, fact => fact.Key == "type IQ1_S" && fact.Value.Contains("cannot be read", StringComparison.Ordinal));
        Assert.Equal(
            [("a", "q4_0", 36L), ("b", "iq1_s", 50L)], report.Tensors.Select(tensor => (tensor.Name, tensor.DataType, tensor.Bytes)));
    }

    [Fact]
    public void Inspect_Pipeline_ListsTheLayersOfItsNetworks()
    {
        using var files = new TemporaryFolder();

        var report = Inspector.Inspect(TinyPipeline.Write(files["pipeline"]));

        Assert.Contains(report.LinearLayers, group => group.Modules.Any(name => name.StartsWith("unet.", StringComparison.Ordinal)));
        Assert.Contains(
            report.LinearLayers, group => group.Modules.Any(name => name.StartsWith("text_encoder.", StringComparison.Ordinal)));
        Assert.Empty(report.Notes);
    }

    [Fact]
    public void Inspect_ModelThatCannotBeRun_ShowsItsTensorsAndSaysWhy()
    {
        var folder = Directory.CreateDirectory(world.Folder["foreign"]).FullName;
        File.Copy(Path.Combine(world.Model, "model.safetensors"), Path.Combine(folder, "model.safetensors"));
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type": "mamba"}""");

        var report = Inspector.Inspect(folder);

        Assert.NotEmpty(report.Tensors);
        Assert.Contains("'mamba' is not supported", Assert.Single(report.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_AdapterAndItsFile_SayTheSameOfTensors()
    {
        var run = TrainJob.Run(world.Run("inspected"), stop: TestContext.Current.CancellationToken);
        var adapter = new RunFolder(run.RunFolder).Best;

        var ofFolder = Inspector.Inspect(adapter);
        var ofFile = Inspector.Inspect(Path.Combine(adapter, "adapter.safetensors"));

        Assert.Equal(("adapter", "adapter"), (ofFolder.Kind, ofFile.Kind));
        Assert.Contains(new("shortcut", "input, 1 previous"), ofFolder.Facts);
        Assert.Equal(ofFolder.Facts, ofFile.Facts);
        Assert.Equal(ofFolder.Tensors.Select(t => t.Name), ofFile.Tensors.Select(t => t.Name));
    }

    [Fact]
    public void Inspect_RunFolder_PointsToItsAdapters()
    {
        var run = TrainJob.Run(world.Run("pointed"), stop: TestContext.Current.CancellationToken);

        var error = Assert.Throws<FileFormatException>(() => Inspector.Inspect(run.RunFolder));

        Assert.Contains(Path.Combine(run.RunFolder, "best"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_NothingThere_IsRefused() =>
        Assert.Contains(
            "does not exist",
            Assert.Throws<FileFormatException>(() => Inspector.Inspect(world.Folder["no"])).Message,
            StringComparison.Ordinal);
}
