using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Predicting;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Training;
using Xunit;

namespace ResLora.Tests.Experiments.Exporting;

/// <summary>Encoders, exported with their heads.</summary>
public sealed class ExportEncoderTests(TinyEncoderWorld world) : IClassFixture<TinyEncoderWorld>
{
    private const double Exactly = 1e-5;   // float32: W x + s B A x and (W + s B A) x round differently
    private const string Prefix = "base_model.model.";
    private readonly Dictionary<(ShortcutKind, string), string> _adapters = [];

    [Theory]
    [InlineData("peft", ShortcutKind.None, "classification")]
    [InlineData("peft", ShortcutKind.Block, "classification")]
    [InlineData("peft", ShortcutKind.Block, "regression")]
    [InlineData("hf", ShortcutKind.None, "classification")]
    [InlineData("hf", ShortcutKind.Block, "classification")]
    [InlineData("hf", ShortcutKind.Block, "regression")]
    public void Run_ExactMerge_PredictsWhatTheAdapterPredicts(string target, ShortcutKind kind, string task)
    {
        var adapter = Adapter(kind, task);
        var output = world.Folder[$"{target}-{kind}-{task}"];

        var report = ExportJob.Run(new ExportOptions { Adapter = adapter, To = target, Output = output });

        var proof = Assert.Single(report.Proofs);
        Assert.Empty(proof.Faults());
        Assert.Equal(report.TokenIds.Count, proof.Predictions);
        Assert.Equal(task == "regression", double.IsNaN(proof.TopOneAgreement));
        Assert.Equal(target == "hf", proof.Prompts > 0);
        Assert.StartsWith("8 samples of the validation data of the run", report.MeasuredOn, StringComparison.Ordinal);
        var expected = Predict(world.Model, adapter);
        var found = target == "hf" ? Predict(output, null) : Predict(world.Model, output);
        Assert.All(expected.Zip(found), pair => Assert.Equal(Number(pair.First), Number(pair.Second), Exactly));
        Assert.Equal(expected.Select(p => p.Label), found.Select(p => p.Label));
        Assert.True(ExportCheck.Run(output) is { Passed: true, Compared: true });
        Assert.Contains(ExportJob.Next(report, output), line => line.StartsWith("reslora predict ", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_ApproximateMerge_IsProvedToo()
    {
        var output = world.Folder["approximate"];

        var report = ExportJob.Run(new ExportOptions { Adapter = Adapter(ShortcutKind.Input), To = "hf", Output = output });

        Assert.False(report.Plan.IsExact);
        Assert.True(report.MergeLoss!.MaxLogitDifference > Exactly);
        Assert.True(ExportCheck.Run(output) is { Passed: true, Compared: true });
    }

    [Fact]
    public void Run_Peft_IsAnAdapterForClassificationWithItsHead()
    {
        var output = world.Folder["peft-files"];

        var report = ExportJob.Run(new ExportOptions { Adapter = Adapter(ShortcutKind.Block), To = "peft", Output = output });

        Assert.Equal(["adapter_config.json", "adapter_model.safetensors", ModelHeadFile.FileName], report.Files.Select(file => file.Name));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(output, "adapter_config.json")))!;
        Assert.Equal(
            ("SEQ_CLS", "classifier"), ((string)config["task_type"]!, (string)Assert.Single(config["modules_to_save"]!.AsArray())!));
        Assert.Contains(
            $"{Prefix}classifier.out_proj.bias",
            SafetensorsReader.ReadHeader(Path.Combine(output, "adapter_model.safetensors")).Entries.Keys);
        Assert.Contains(
            report.Plan.Features, feature => feature.Name == "labels" && feature.Reason.StartsWith("bad, good", StringComparison.Ordinal));
        Assert.Contains(
            ExportJob.Next(report, "out"),
            line =>
                line.Contains(
                    "AutoModelForSequenceClassification",
                    StringComparison.Ordinal) && line.Contains("num_labels=2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("llama.cpp")]
    [InlineData("ollama")]
    public void Run_TargetForModelsThatContinueTexts_SaysSo(string target)
    {
        var options = new ExportOptions { Adapter = Adapter(ShortcutKind.None), To = target, Output = world.Folder["refused"] };

        var error = Assert.Throws<ConfigException>(() => ExportJob.Run(options));

        Assert.Contains(
            $"this model is an encoder, and the target '{target}' takes models that continue texts; export it to peft or hf.",
            error.Message,
            StringComparison.Ordinal);
        Assert.Equal(error.Message, Assert.Throws<ConfigException>(() => ExportJob.Plan(options)).Message);
        Assert.False(Directory.Exists(options.Output));
    }

    [Theory]
    [InlineData("peft", "adapter_model.safetensors", Prefix + "classifier.dense.weight", "'classifier.dense.weight' differs")]
    [InlineData("peft", "adapter_model.safetensors", Prefix + "roberta.encoder.layer.1.attention.self.value.lora_B.weight", "'roberta.encoder.layer.1.attention.self.value.weight' differs")]
    [InlineData("hf", "model.safetensors", "classifier.out_proj.weight", "'classifier.out_proj.weight' differs")]
    public void Check_OneSignFlipped_FailsByItsNumbers(string target, string file, string tensor, string part)
    {
        var output = Export(target, $"flipped-{target}-{part.Length}");
        TamperedFile.FlipSign(Path.Combine(output, file), tensor);
        ExportFolder.Rehash(output, file);

        var report = ExportCheck.Run(output);

        Assert.Contains(report.Differences, difference => difference.Contains(part, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("peft", ModelHeadFile.FileName)]
    [InlineData("hf", "config.json")]
    public void Check_LabelsChanged_FailsByTheHead(string target, string file)
    {
        var output = Export(target, $"renamed-{target}");
        var path = Path.Combine(output, file);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"good\"", "\"great\"", StringComparison.Ordinal));
        ExportFolder.Rehash(output, file);

        var report = ExportCheck.Run(output);

        Assert.Contains(
            "the head predicts the labels bad, great, and the labels bad, good was exported",
            Assert.Single(report.Differences),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["classifier", 3]""", "modules_to_save must be a list of names")]
    [InlineData("null", "belongs neither to a block nor to modules_to_save")]
    [InlineData("""["pooler"]""", "belongs neither to a block nor to modules_to_save")]
    public void Check_SavedModulesThatAreNot_AreNamed(string modules, string part)
    {
        var output = Export("peft", $"modules-{modules.Length}");
        var path = Path.Combine(output, "adapter_config.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json["modules_to_save"] = JsonNode.Parse(modules);
        File.WriteAllText(path, json.ToJsonString());

        var report = ExportCheck.Run(output);

        Assert.Contains(report.Differences, difference => difference.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public void Run_BaseForMaskedTokens_IsWrittenInAnotherType()
    {
        var output = world.Folder["masked-bf16"];

        var report = ExportJob.Run(new ExportOptions { Model = world.Model, To = "hf", Type = ExportType.BF16, Output = output });

        Assert.Empty(Assert.Single(report.Proofs).Faults());
        using var written = (EncoderModel)ModelRegistry.Load(output);
        Assert.Equal(ModelHeadKind.MaskedTokens, written.Head.Kind);
        Assert.True(ExportCheck.Run(output) is { Passed: true, Compared: true });
    }

    [Theory]
    [InlineData("peft")]
    [InlineData("hf")]
    public void Run_BertWhosePoolerWasDrawn_TakesItAlong(string target)
    {
        using var folder = new TemporaryFolder();
        using (var masked = TinyBert.Create("bert", ModelHead.MaskedTokens))
        {
            TinyBert.Write(folder, masked);
        }

        string[] words =
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Enumerable.Range(0, TinyBert.VocabularySize - 5).Select(i => $"w{i}")];
        folder.Write("vocab.txt", string.Join('\n', words) + "\n");
        using (var session = ModelSession.Load(folder.Path, head: ModelHead.ForLabels(["no", "yes", "maybe"]), headSeed: 4))
        {
            var adapted = session.Attach(
                new AdapterConfig { Rank = 2, Shortcut = new ShortcutConfig { Kind = ShortcutKind.Block } }).WithRandomB(0.1);
            AdapterStore.Save(adapted, folder["adapter"], folder.Path);
            ModelHeadFile.Write(folder["adapter"], session.Encoder.Head);
        }

        var report = ExportJob.Run(new ExportOptions { Adapter = folder["adapter"], To = target, Output = folder["out"] });

        Assert.Empty(Assert.Single(report.Proofs).Faults());
        Assert.Contains("random tokens", report.MeasuredOn, StringComparison.Ordinal);
        Assert.Contains(
            (target == "peft" ? Prefix : "") + "bert.pooler.dense.weight",
            SafetensorsReader.ReadHeader(
                Path.Combine(folder["out"], target == "peft" ? "adapter_model.safetensors" : "model.safetensors")).Entries.Keys);
        Assert.True(ExportCheck.Run(folder["out"]) is { Passed: true, Compared: true });
    }

    private string Adapter(ShortcutKind kind, string task = "classification")
    {
        if (!_adapters.TryGetValue((kind, task), out var folder))
        {
            // So long that an approximate merge differs by more than rounding.
            var config = world.Run($"export-{Guid.NewGuid():N}", kind, steps: kind == ShortcutKind.Input ? 60 : 6, task: task);
            folder = _adapters[(kind, task)] = Path.Combine(
                TrainJob.Run(config, stop: TestContext.Current.CancellationToken).RunFolder, "last");
        }

        return folder;
    }

    private string Export(string target, string name)
    {
        ExportJob.Run(new ExportOptions { Adapter = Adapter(ShortcutKind.Block), To = target, Output = world.Folder[name] });
        return world.Folder[name];
    }

    private static List<LabelPrediction> Predict(string model, string? adapter)
    {
        var predictions = new List<LabelPrediction>();
        PredictJob.Run(
            new PredictOptions { Model = model, Adapter = adapter },
            ["A lovely film.", "The dull walk again."],
            predictions.Add,
            TestContext.Current.CancellationToken);
        return predictions;
    }

    private static double Number(LabelPrediction prediction) => prediction.Score ?? prediction.Probabilities!["good"];
}
