using Parquet.Serialization;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using Xunit;

namespace ResLora.Tests.Text.Data.Labelling;

public sealed class GlueTasksTests : IDisposable
{
    private const string MnliStart = "7\t12n\t12n\tletters\t( parse )\t( parse )\t(ROOT a)\t(ROOT b)\tThe shop \"Ida's\tIt is shut.";

    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    /// <summary>The original distribution's rows with labels, with and without header lines; stray quotes are characters.</summary>
    [Theory]
    [InlineData("cola", null, "ab12\t1\t\tIda \"sang.", 0, "Ida \"sang.", null, "acceptable")]
    [InlineData("cola", null, "ab12\t0\t*\tIda sang the.", 0, "Ida sang the.", null, "unacceptable")]
    [InlineData("sst2", "sentence\tlabel", "\"a fine \" film \t1", 0, "\"a fine \" film ", null, "positive")]
    [InlineData("sst2", "label\tsentence", "0\ta dull film", 0, "a dull film", null, "negative")]
    [InlineData("sst2", "label\tcontent", "0\ta dull film", 0, "a dull film", null, "negative")]
    [InlineData("sst2", null, "a dull film\t0", 0, "a dull film", null, "negative")]
    [InlineData(
        "mrpc", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String", "1\t10\t11\t\"It rose, he said.\tHe said it \"rose.", 0,
        "\"It rose, he said.", "He said it \"rose.", "equivalent")]
    [InlineData("mrpc", null, "0\t10\t11\tIt rose.\tIt fell.", 0, "It rose.", "It fell.", "not_equivalent")]
    [InlineData(
        "qqp", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", "133273\t1\t2\tHow do I \"bake?\t\t1", 133273, "How do I \"bake?", "",
        "duplicate")]
    [InlineData("qqp", null, "5\t1\t2\tWhy?\tHow?\t0", 5, "Why?", "How?", "not_duplicate")]
    [InlineData(
        "mnli",
        "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label",
        MnliStart + "\tneutral\tcontradiction", 7, "The shop \"Ida's", "It is shut.", "contradiction")]
    [InlineData("mnli", null, MnliStart + "\tneutral\tneutral", 7, "The shop \"Ida's", "It is shut.", "neutral")]
    [InlineData(
        "mnli-mismatched", null, MnliStart + "\tneutral\tneutral\tneutral\tneutral\tentailment\tentailment", 7, "The shop \"Ida's",
        "It is shut.", "entailment")]
    [InlineData(
        "qnli", "index\tquestion\tsentence\tlabel", "3\tWho sang \"O\"?\tIda sang it.\tentailment", 3, "Who sang \"O\"?", "Ida sang it.",
        "entailment")]
    [InlineData("qnli", null, "3\tWho sang?\tIt rained.\tnot_entailment", 3, "Who sang?", "It rained.", "not_entailment")]
    [InlineData(
        "rte", "index\tsentence1\tsentence2\tlabel", "9\tIda sang.\tSomebody sang.\tentailment", 9, "Ida sang.", "Somebody sang.",
        "entailment")]
    [InlineData("rte", null, "9\tIda sang.\tMax sang.\tnot_entailment", 9, "Ida sang.", "Max sang.", "not_entailment")]
    [InlineData(
        "wnli", "index\tsentence1\tsentence2\tlabel", "4\tIda told Max that she won.\tMax won.\t0", 4, "Ida told Max that she won.",
        "Max won.", "not_entailment")]
    [InlineData("wnli", null, "4\tIda told Max that she won.\tIda won.\t1", 4, "Ida told Max that she won.", "Ida won.", "entailment")]
    public void Read_OriginalTsv_GivesTextsAndLabel(
        string task, string? header, string row, long index, string text, string? secondText, string label)
    {
        _files.Write("train.tsv", (header is null ? "" : header + "\n") + row + "\n");

        var data = LabelledTaskRegistry.Get(task).Read(_files.Folder, TaskSplit.Train);

        var example = Assert.Single(data.Texts);
        Assert.Equal(new LabelledText(index, text, secondText) { Label = example.Label }, example);
        Assert.Equal(label, data.Labels!.Names[example.Label!.Value]);
    }

    [Theory]
    [InlineData("index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n")]
    [InlineData("")]
    public void Read_StsB_GivesScores(string header)
    {
        _files.Write(
            "dev.tsv",
            header
                + "0\tnews\tf\t2012\t01\tn\tn\tA \"cat sits.\tA cat is sitting.\t4.750\n1\tnews\tf\t2012\t02\tn\tn\tA dog.\tA cat.\t0\n");

        var data = LabelledTaskRegistry.Get("stsb").Read(_files.Folder, TaskSplit.Validation);

        Assert.Null(data.Labels);
        Assert.Empty(data.Balance());
        Assert.Equal([new(0, "A \"cat sits.", "A cat is sitting.") { Score = 4.75 }, new(1, "A dog.", "A cat.") { Score = 0 }], data.Texts);
    }

    /// <summary>The original distribution's test files, which have no labels.</summary>
    [Theory]
    [InlineData("cola", "test.tsv", "index\tsentence\n0\tIda sang.\n")]
    [InlineData("cola", "test.tsv", "0\tIda sang.\n")]
    [InlineData("sst2", "test.tsv", "index\tsentence\n0\tIda sang.\n")]
    [InlineData("mrpc", "test.tsv", "index\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t1\t2\tIda sang.\tShe.\n")]
    [InlineData(
        "stsb", "test.tsv",
        "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\n0\tn\tf\t2012\t1\tn\tn\tIda sang.\tShe.\n")]
    [InlineData("qqp", "test.tsv", "id\tquestion1\tquestion2\n0\tIda sang.\tShe.\n")]
    [InlineData("mnli", "test_matched.tsv", "0\tp\tp\tg\tb\tb\tt\tt\tIda sang.\tShe.\n")]
    [InlineData("mnli-mismatched", "test_mismatched.tsv", "0\tp\tp\tg\tb\tb\tt\tt\tIda sang.\tShe.\n")]
    [InlineData("qnli", "test.tsv", "index\tquestion\tsentence\n0\tIda sang.\tShe.\n")]
    [InlineData("rte", "test.tsv", "index\tsentence1\tsentence2\n0\tIda sang.\tShe.\n")]
    [InlineData("wnli", "test.jsonl", "{\"sentence1\": \"Ida sang.\", \"sentence2\": \"She.\", \"label\": -1, \"idx\": 0}\n")]
    [InlineData("stsb", "test.jsonl", "{\"sentence1\": \"Ida sang.\", \"sentence2\": \"She.\", \"label\": -1.0, \"idx\": 0}\n")]
    public void Read_TestWithoutLabels_GivesTexts(string task, string file, string content)
    {
        _files.Write(file, content);

        var data = LabelledTaskRegistry.Get(task).Read(_files.Folder, TaskSplit.Test);

        var example = Assert.Single(data.Texts);
        Assert.Equal("Ida sang.", example.Text);
        Assert.Equal(task is "cola" or "sst2" ? null : "She.", example.SecondText);
        Assert.False(data.IsLabelled);
        Assert.Empty(data.Balance());
    }

    [Theory]
    [InlineData("cola", "{\"sentence\": \"a\", \"label\": 0, \"idx\": 4}", "unacceptable")]
    [InlineData("sst2", "{\"sentence\": \"a\", \"label\": 0, \"idx\": 4}", "negative")]
    [InlineData("mrpc", "{\"sentence1\": \"a\", \"sentence2\": \"b\", \"label\": 1, \"idx\": 4}", "equivalent")]
    [InlineData("qqp", "{\"question1\": \"a\", \"question2\": \"b\", \"label\": 1, \"idx\": 4}", "duplicate")]
    [InlineData("mnli", "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": 0, \"idx\": 4}", "entailment")]
    [InlineData("mnli", "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": 1, \"idx\": 4}", "neutral")]
    [InlineData("mnli", "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": 2, \"idx\": 4}", "contradiction")]
    [InlineData("qnli", "{\"question\": \"a\", \"sentence\": \"b\", \"label\": 1, \"idx\": 4}", "not_entailment")]
    [InlineData("rte", "{\"sentence1\": \"a\", \"sentence2\": \"b\", \"label\": 0, \"idx\": 4}", "entailment")]
    [InlineData("wnli", "{\"sentence1\": \"a\", \"sentence2\": \"b\", \"label\": 0, \"idx\": 4}", "not_entailment")]
    public void Read_HubsColumnsAsJson_GivesTheHubsLabel(string task, string row, string label)
    {
        _files.Write("train.jsonl", row + "\n");

        var data = LabelledTaskRegistry.Get(task).Read(_files.Folder, TaskSplit.Train);

        var example = Assert.Single(data.Texts);
        Assert.Equal("a", example.Text);
        Assert.Equal(4, example.Index);
        Assert.Equal(label, data.Labels!.Names[example.Label!.Value]);
    }

    [Fact]
    public async Task Read_HubsParquet_IsFoundByTheHubsFileName()
    {
        await ParquetSerializer.SerializeAsync(
            new[] { new HubRow { premise = "Ida sang.", hypothesis = "Somebody sang.", label = 0, idx = 0 }, new HubRow { premise = "Ida sang.", hypothesis = "Nobody sang.", label = 2, idx = 1 } },
            Path.Combine(_files.Folder, "validation_mismatched-00000-of-00001.parquet"),
            cancellationToken: TestContext.Current.CancellationToken);

        var data = LabelledTaskRegistry.Get("mnli-mismatched").Read(_files.Folder, TaskSplit.Validation);

        Assert.Equal([new(0, "Ida sang.", "Somebody sang.") { Label = 0 }, new(1, "Ida sang.", "Nobody sang.") { Label = 2 }], data.Texts);
        Assert.Throws<FileFormatException>(() => LabelledTaskRegistry.Get("mnli").Read(_files.Folder, TaskSplit.Validation));
    }

    [Fact]
    public void Read_LabelsInAnotherOrder_CountInThatOrder()
    {
        var path = _files.Write("dev_matched.jsonl", "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": 0}\n{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": \"neutral\"}\n");
        var labels = new LabelSet(["contradiction", "neutral", "entailment"]);

        var data = LabelledTaskRegistry.Get("mnli").Read(path, TaskSplit.Validation, labels);

        Assert.Equal([2, 1], data.Texts.Select(text => text.Label!.Value));
        Assert.Same(labels, data.Labels);
    }

    [Theory]
    [InlineData("rte", "index\tsentence1\tsentence2\tlabel\n1\ta\tb\tentailment\n2\ta\tb\t\n", "line 3: there is no label")]
    [InlineData("rte", "index\tsentence1\tsentence2\n1\ta\tb\n", "line 2: there is no label")]
    [InlineData("rte", "index\tsentence1\tsentence2\tlabel\n1\ta\tb\tentails\n", "line 2: the label is 'entails'")]
    [InlineData("rte", "index\tsentence1\tsentence2\tlabel\none\ta\tb\tentailment\n", "line 2: column 'index' is 'one'")]
    [InlineData("rte", "index\tsentence1\tsentence3\tlabel\n1\ta\tb\tentailment\n", "Did you mean 'sentence1'?")]
    [InlineData("rte", "1\ta\n", "line 1: 2 fields")]
    [InlineData("rte", "1\ta\tb\tentailment\n2\ta\tentailment\n", "line 2: found 3 fields, expected 4 as in the first line")]
    [InlineData("cola", "x\t2\t\tIda sang.\n", "line 1: the label is '2'. Expected one of: unacceptable, acceptable.")]
    [InlineData("cola", "x\t-1\t\tIda sang.\n", "line 1: there is no label")]
    [InlineData("cola", "x\t0.5\t\tIda sang.\n", "line 1: the label is '0.5'")]
    [InlineData("stsb", "0\tn\tf\t1\t1\tn\tn\ta\tb\t5.1\n", "line 1: the score is '5.1', expected a number from 0 to 5")]
    [InlineData("stsb", "0\tn\tf\t1\t1\tn\tn\ta\tb\tNaN\n", "line 1: the score is 'NaN'")]
    [InlineData("stsb", "0\tn\tf\t1\t1\tn\tn\ta\tb\thigh\n", "line 1: the score is 'high'")]
    [InlineData("qqp", "1\t1\t2\ta\tb\t0\n2\t1\t2\ta\n", "1 of 2 lines have more or fewer fields")]
    public void Read_RowOutOfLayout_SaysWhereAndWhy(string task, string content, string expected)
    {
        var path = _files.Write("rows.tsv", content);

        foreach (var split in new[] { TaskSplit.Train, TaskSplit.Validation })
        {
            var error = Assert.Throws<FileFormatException>(() => LabelledTaskRegistry.Get(task).Read(path, split));
            Assert.Contains("rows.tsv", error.Message, StringComparison.Ordinal);
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_TestWithSomeLabels_IsAnErrorWithItsLine()
    {
        var path = _files.Write("test.tsv", "index\tsentence1\tsentence2\tlabel\n1\ta\tb\tentailment\n2\ta\tb\t\n");

        var error = Assert.Throws<FileFormatException>(() => LabelledTaskRegistry.Get("rte").Read(path, TaskSplit.Test));

        Assert.Contains("line 3: there is no label, and earlier rows have one", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_QqpWithAFewBrokenLines_LeavesThemOutAndCountsThem()
    {
        const int rows = 2000;
        var lines =
            Enumerable.Range(0, rows).Select(i => i is 7 or 1900 ? $"{i}\t1\t2\ttorn apart" : $"{i}\t1\t2\tWhy {i}?\tHow {i}?\t{i % 2}");
        var path = _files.Write("train.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n" + string.Join('\n', lines) + "\n");

        var data = LabelledTaskRegistry.Get("qqp").Read(path, TaskSplit.Train);

        Assert.Equal(2, data.BrokenLines);
        Assert.Equal(rows - 2, data.Texts.Count);
        Assert.DoesNotContain(data.Texts, text => text.Index is 7 or 1900);
    }

    [Fact]
    public void Read_ColumnsNamedByTheUser_AreReadAndNoOthers()
    {
        var path = _files.Write("rows.tsv", "remark\tsentence\tverdict\nfine\twrong column\tpositive\n");
        var task = LabelledTaskRegistry.Get(
            "sst2", new ColumnMap(new Dictionary<string, string> { ["sentence"] = "remark", ["label"] = "verdict" }));

        var example = Assert.Single(task.Read(path, TaskSplit.Train).Texts);

        Assert.Equal(new LabelledText(0, "fine", null) { Label = 1 }, example);
    }

    /// <summary>Rows and classes as counted by a script of another language over the same files.</summary>
    [Theory]
    [InlineData("cola", "CoLA", 8551, 527, "2528 6023")]
    [InlineData("sst2", "SST-2", 67349, 872, null)]
    [InlineData("mrpc", "MRPC", 2576, 1500, null)]
    [InlineData("stsb", "STS-B", 4249, 1500, null)]
    [InlineData("rte", "RTE", 1244, 139, null)]
    [InlineData("wnli", "WNLI", 565, 70, null)]
    public void Read_RealFolders_GiveEveryRow(string name, string folder, int train, int validation, string? balance)
    {
        var path = TestFiles.Shared($"data/glue/{folder}");
        var task = LabelledTaskRegistry.Get(name);

        var data = task.Read(path, TaskSplit.Train);

        Assert.Equal(train, data.Texts.Count);
        Assert.Equal(validation, task.Read(path, TaskSplit.Validation).Texts.Count);
        Assert.All(
            data.Texts,
            text => Assert.True(text.IsLabelled && text.Text.Length > 0 && (text.SecondText is null) == (name is "cola" or "sst2")));
        if (balance is not null)
        {
            Assert.Equal(balance, string.Join(' ', data.Balance().Select(share => share.Count)));
        }
    }

    private sealed class HubRow
    {
        public string? premise { get; set; }

        public string? hypothesis { get; set; }

        public long label { get; set; }

        public int idx { get; set; }
    }
}
