using ResLora.Formats.Errors;
using ResLora.Text.Data.Labelling;
using Xunit;

namespace ResLora.Tests.Text.Data.Labelling;

public sealed class GlueSubmissionTests : IDisposable
{
    private static readonly long[] _indices = [0, 1];

    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("cola", "CoLA.tsv", "unacceptable", "0", "acceptable", "1")]
    [InlineData("sst2", "SST-2.tsv", "negative", "0", "positive", "1")]
    [InlineData("mrpc", "MRPC.tsv", "equivalent", "1", "not_equivalent", "0")]
    [InlineData("qqp", "QQP.tsv", "duplicate", "1", "not_duplicate", "0")]
    [InlineData("mnli", "MNLI-m.tsv", "neutral", "neutral", "contradiction", "contradiction")]
    [InlineData("mnli-mismatched", "MNLI-mm.tsv", "neutral", "neutral", "entailment", "entailment")]
    [InlineData("qnli", "QNLI.tsv", "entailment", "entailment", "not_entailment", "not_entailment")]
    [InlineData("rte", "RTE.tsv", "not_entailment", "not_entailment", "entailment", "entailment")]
    [InlineData("wnli", "WNLI.tsv", "not_entailment", "0", "entailment", "1")]
    public void Write_Labels_HasGluesNameAndLayout(
        string task, string file, string first, string firstWritten, string second, string secondWritten)
    {
        var path = GlueSubmission.Write(_files.Folder, LabelledTaskRegistry.Get(task), _indices, [first, second]);

        Assert.Equal(Path.Combine(_files.Folder, file), path);
        Assert.Equal($"index\tprediction\n0\t{firstWritten}\n1\t{secondWritten}\n", File.ReadAllText(path));
    }

    [Fact]
    public void Write_Scores_HaveThreeDecimals()
    {
        var path = GlueSubmission.Write(_files.Folder, LabelledTaskRegistry.Get("stsb"), _indices, [4.99961, 0.0]);

        Assert.Equal("STS-B.tsv", Path.GetFileName(path));
        Assert.Equal("index\tprediction\n0\t5.000\n1\t0.000\n", File.ReadAllText(path));
    }

    [Fact]
    public void Write_WhatDoesNotFit_IsRefusedAndLeavesNoFile()
    {
        var (cola, stsB) = (LabelledTaskRegistry.Get("cola"), LabelledTaskRegistry.Get("stsb"));

        Assert.Throws<ConfigException>(
            () => GlueSubmission.Write(_files.Folder, LabelledTaskRegistry.Get("classification"), _indices, ["a", "b"]));
        Assert.Throws<ArgumentException>(() => GlueSubmission.Write(_files.Folder, cola, _indices, ["acceptable"]));
        Assert.Throws<ArgumentException>(() => GlueSubmission.Write(_files.Folder, cola, _indices, ["acceptable", "fine"]));
        Assert.Throws<ArgumentException>(() => GlueSubmission.Write(_files.Folder, cola, _indices, [1.0, 0.0]));
        Assert.Throws<ArgumentException>(() => GlueSubmission.Write(_files.Folder, stsB, _indices, ["1", "2"]));
        Assert.Throws<ArgumentException>(() => GlueSubmission.Write(_files.Folder, stsB, _indices, [1, double.NaN]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_files.Folder));
    }
}
