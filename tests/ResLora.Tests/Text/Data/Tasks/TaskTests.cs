using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using Xunit;

namespace ResLora.Tests.Text.Data.Tasks;

public sealed class TaskTests : IDisposable
{
    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("question", "answer")]
    [InlineData("instruction", "output")]
    [InlineData("source", "target")]
    public void Completion_UsualPairOfOtherNames_IsTakenAndSaid(string prompt, string completion)
    {
        var path = _files.Write("a.csv", $"id,{completion},{prompt}\n1,b,a\n");
        var task = TaskRegistry.Get("completion");

        var sample = Assert.Single(task.Read(path, TaskSplit.Train));

        Assert.Equal(("a", "b"), (sample.Prompt, sample.Completion));
        Assert.Equal(
            $"'{prompt}' is taken for prompt, '{completion}' is taken for completion; name others in data.columns (--column)",
            OtherNames.Describe(task.GuessedColumns));
    }

    [Theory]
    [InlineData("prompt,answer,question\na,b,c\n", "there is no value for column 'completion'")]
    [InlineData("q,a\na,b\n", "Name the right column in data.columns (completion: NAME), or with --column completion=NAME")]
    [InlineData("instruction,input,output\na,,b\na,more,b\n", "line 3: column 'input' has a text beside 'instruction' and 'output'; task alpaca")]
    public void Completion_NoPairThatIsPlain_IsRefused(string text, string expected)
    {
        var path = _files.Write("a.csv", text);

        var error = Assert.Throws<FileFormatException>(() => TaskRegistry.Get("completion").Read(path, TaskSplit.Train));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Completion_ColumnsNamedByTheUser_AreNeverGuessed()
    {
        var path = _files.Write("a.csv", "question,answer\na,b\n");
        var task = TaskRegistry.Get(
            "completion", new ColumnMap(new Dictionary<string, string> { ["prompt"] = "answer", ["completion"] = "question" }));

        var sample = Assert.Single(task.Read(path, TaskSplit.Train));

        Assert.Equal(("b", "a"), (sample.Prompt, sample.Completion));
        Assert.Empty(task.GuessedColumns);
    }

    [Fact]
    public void Read_Limit_LooksAtNoRowBehindIt()
    {
        var path = _files.Write("a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}\nnot JSON\n");

        Assert.Equal(2, TaskRegistry.Get("text").Read(path, TaskSplit.Train, limit: 2).Count);
        Assert.Throws<FileFormatException>(() => TaskRegistry.Get("text").Read(path, TaskSplit.Train, limit: 3));
    }

    [Fact]
    public void Text_DocumentOrFolderOfThem_AreTexts()
    {
        Directory.CreateDirectory(Path.Combine(_files.Folder, "inner"));
        var one = _files.Write("b.txt", "\uFEFFone\r\nline");
        _files.Write("inner/c.md", "# three");
        _files.Write("a.MD", "two");
        _files.Write("d.pdf", "no text");
        var task = TaskRegistry.Get("text");

        Assert.Equal(["one\r\nline"], task.Read(one, TaskSplit.Test).Select(sample => sample.Completion));
        Assert.Equal(["two", "one\r\nline", "# three"], task.Read(_files.Folder, TaskSplit.Train).Select(sample => sample.Completion));
        Assert.Throws<FileFormatException>(() => TaskRegistry.Get("completion").Read(one, TaskSplit.Train));
    }

    [Fact]
    public void Text_FolderWithADataFile_IsThatOfADataSet()
    {
        _files.Write("README.md", "about the data");
        _files.Write("train.jsonl", "{\"text\":\"a\"}\n");
        var task = TaskRegistry.Get("text");

        Assert.Equal("a", Assert.Single(task.Read(_files.Folder, TaskSplit.Train)).Completion);
        Assert.Throws<FileFormatException>(() => task.Read(_files.Folder, TaskSplit.Test));
    }

    [Fact]
    public void Text_DocumentThatIsNotUtf8_NamesTheLine()
    {
        var path = _files.Write("a.txt", [(byte)'a', (byte)'\n', 0xE9, (byte)'\n']);

        var error = Assert.Throws<FileFormatException>(() => TaskRegistry.Get("text").Read(path, TaskSplit.Train));

        Assert.StartsWith($"{path}, line 2: the bytes are not UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gsm8k_OwnRow_HasThePapersForm()
    {
        var sample = One("gsm8k", "train.jsonl", new
        {
            question = "A crate holds 4 melons. How many melons do 300 crates hold, and 50 more?",
            answer = "The crates hold 4*300 = <<4*300=1200>>1200 melons.\nWith 50 more it is 1200+50 = <<1200+50=1250>>1250.\n#### 1,250",
        });

        Assert.Equal("A crate holds 4 melons. How many melons do 300 crates hold, and 50 more?", sample.Prompt);
        Assert.Equal(" The crates hold 4*300 = 1200 melons. With 50 more it is 1200+50 = 1250. The answer is 1,250.", sample.Completion);
        Assert.Equal("1,250", sample.Answer);
    }

    [Theory]
    [InlineData("51.0", "51")]
    [InlineData("2.50", "2.5")]
    [InlineData("-3", "-3")]
    [InlineData("1e3", "1000")]
    public void Svamp_OwnRow_WritesTheAnswerAsAPlainNumber(string written, string expected)
    {
        var path = _files.Write("SVAMP.json", $$"""[{"Body": "A jar holds 60 sweets", "Question": "How many?", "Equation": "( 60.0 - 9.0 )", "Answer": {{written}}}]""");

        var sample = Assert.Single(TaskRegistry.Get("svamp").Read(path, TaskSplit.Test));

        Assert.Equal("A jar holds 60 sweets How many?", sample.Prompt);
        Assert.Equal($" ( 60.0 - 9.0 ). The answer is {expected}.", sample.Completion);
        Assert.Equal(expected, sample.Answer);
    }

    [Fact]
    public void Svamp_TenRows_SplitsInFileOrder()
    {
        var rows = Enumerable.Range(0, 10).Select(
            i => new { Body = $"Body {i}.", Question = "How many?", Equation = "( 1.0 + 1.0 )", Answer = 2.0 });
        _files.Write("SVAMP.json", JsonSerializer.Serialize(rows));
        var task = TaskRegistry.Get("svamp");

        var train = task.Read(_files.Folder, TaskSplit.Train);
        var test = task.Read(_files.Folder, TaskSplit.Test);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"Body {i}. How many?"), train.Concat(test).Select(sample => sample.Prompt));
        Assert.Equal(7, train.Count);
        Assert.Throws<ConfigException>(() => task.Read(_files.Folder, TaskSplit.Validation));
    }

    [Fact]
    public void MathQa_OwnRow_AsksForALetter()
    {
        var sample = One("mathqa", "dev.json", new
        {
            Problem = "what is half of 12 ?",
            Rationale = "12 / 2 = 6 answer b",
            options = "a ) 5 , b ) 6 , c ) 7 , d ) 8 , e ) none of these",
            correct = "b",
        }, TaskSplit.Validation);

        Assert.Equal(
            "what is half of 12 ?\nThe 5 options are: a ) 5 , b ) 6 , c ) 7 , d ) 8 , e ) none of these\nWhich option is correct?",
            sample.Prompt);
        Assert.Equal(" 12 / 2 = 6 answer b. The answer is b.", sample.Completion);
        Assert.Equal("b", sample.Answer);
    }

    [Fact]
    public void MetaMathQa_OwnRow_TurnsItsMarkerIntoOurs()
    {
        var sample = One("metamathqa", "MetaMathQA-395K.json", new
        {
            query = "If half of x is 6, what is x?",
            response = "x is twice 6.\n#### 12\nThe answer is: 12",
        });

        Assert.Equal(" x is twice 6.\n#### 12\nThe answer is 12.", sample.Completion);
        Assert.Equal("12", sample.Answer);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("\"2\"")]
    public void HellaSwag_OwnRow_NumbersTheEndings(string label)
    {
        _files.Write("hellaswag_val.jsonl", $$"""{"ctx": "A cook breaks an egg. She", "endings": ["paints it.", "sings.", "whisks it.", "drives."], "label": {{label}}}""");

        var sample = Assert.Single(TaskRegistry.Get("hellaswag").Read(_files.Folder, TaskSplit.Test));

        Assert.Equal(
            "Continue this text: \"A cook breaks an egg. She\"\n0: paints it.\n1: sings.\n2: whisks it.\n3: drives.\n"
            + "Which ending fits best? Answer with a number from 0 to 3.",
            sample.Prompt);
        Assert.Equal(" The answer is 2.", sample.Completion);
        Assert.Equal("2", sample.Answer);
    }

    [Fact]
    public void Alpaca_WithAndWithoutInput_FollowsTheLayout()
    {
        var with = One("alpaca", "train.json", new { instruction = "Add.", input = "1 and 2", output = "3" });
        var without = One("alpaca", "train.json", new { instruction = "Greet.", input = "", output = "Hello!" });

        Assert.Equal("### Instruction:\nAdd.\n\n### Input:\n1 and 2\n\n### Response:\n", with.Prompt);
        Assert.Equal("### Instruction:\nGreet.\n\n### Response:\n", without.Prompt);
        Assert.Equal("Hello!", without.Answer);
        var frame = TaskRegistry.Get("alpaca").Frame!;
        Assert.Equal(with.Prompt, frame.Wrap("Add.\n\n### Input:\n1 and 2"));
        Assert.Equal("Greet.", frame.Unwrap(without.Prompt));
        Assert.Equal("Greet.", frame.Unwrap("Greet."));
    }

    [Fact]
    public void Completion_NamedColumns_AreTakenToTheLetter()
    {
        var path = _files.Write("mine.csv", "question,reply\nTwo and two?, four \n");
        var columns = new ColumnMap(new Dictionary<string, string> { ["prompt"] = "question", ["completion"] = "reply" });
        var task = TaskRegistry.Get("completion", columns);

        var sample = Assert.Single(task.Read(path, TaskSplit.Train));

        Assert.Equal(new Sample("Two and two?", " four ") { Answer = "four" }, sample);
        Assert.Equal("four", task.ExtractAnswer("\n four\n"));
        Assert.Null(task.ExtractAnswer(" \n"));
    }

    [Fact]
    public void Text_OwnRow_HasNoPromptAndNoAnswer()
    {
        var sample = One("text", "train.jsonl", new { text = "Once upon a time." });

        Assert.Equal(new Sample("", "Once upon a time."), sample);
        Assert.Null(TaskRegistry.Get("text").ExtractAnswer("The answer is 1."));
    }

    [Theory]
    [InlineData(" 6 * 7 = 42. The answer is 42.", "42")]
    [InlineData("The answer is 42", "42")]
    [InlineData("The answer is 1. No. The answer is  2.5 .\n", "2.5")]
    [InlineData("The answer is x..", "x.")]
    [InlineData("the answer is 42.", null)]
    [InlineData("42", null)]
    [InlineData("The answer is .", null)]
    [InlineData("The answer is", null)]
    [InlineData("", null)]
    public void ExtractAnswer_MarkedTask_TakesWhatFollowsTheLastMarker(string generated, string? expected)
    {
        foreach (var name in new[] { "gsm8k", "svamp", "mathqa", "metamathqa", "hellaswag", "word-problems" })
        {
            Assert.Equal(expected, TaskRegistry.Get(name).ExtractAnswer(generated));
        }
    }

    [Theory]
    [InlineData("gsm8k", "{\"question\":\"Why?\",\"answer\":\"So.\"}", "####")]
    [InlineData("gsm8k", "{\"question\":\"Why?\",\"answer\":\"#### 1 #### 2\"}", "####")]
    [InlineData("gsm8k", "{\"question\":\" \",\"answer\":\"#### 1\"}", "'question' is empty")]
    [InlineData("gsm8k", "{\"prompt\":\"Why?\"}", "no value for column 'answer'")]
    [InlineData("svamp", "{\"Body\":\"B\",\"Question\":\"Q\",\"Equation\":\"1\",\"Answer\":\"one\"}", "expected a number")]
    [InlineData("mathqa", "{\"Problem\":\"p\",\"Rationale\":\"r\",\"options\":\"a ) 1 , b ) 2\",\"correct\":\"c\"}", "one of the 2 options")]
    [InlineData("hellaswag", "{\"ctx\":\"c\",\"endings\":[\"a\"],\"label\":0}", "1 endings, expected 4")]
    [InlineData("hellaswag", "{\"ctx\":\"c\",\"endings\":[\"a\",\"b\",\"c\",\"d\"],\"label\":4}", "expected 0, 1, 2 or 3")]
    [InlineData("word-problems", "{\"prompt\":\"p\",\"completion\":\"1 + 1 = 2.\"}", "The answer is")]
    public void Read_RowOutOfLayout_SaysWhereAndWhy(string task, string row, string expected)
    {
        var path = _files.Write("rows.jsonl", row + "\n");

        var error = Assert.Throws<FileFormatException>(() => TaskRegistry.Get(task).Read(path, TaskSplit.Test));

        Assert.Contains("rows.jsonl, line 1", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FolderWithoutTheSplit_IsAnErrorThatSaysWhatToDo()
    {
        var missing = Assert.Throws<FileFormatException>(() => TaskRegistry.Get("gsm8k").Read(_files.Folder, TaskSplit.Test));
        var none = Assert.Throws<ConfigException>(() => TaskRegistry.Get("gsm8k").Read(_files.Folder, TaskSplit.Validation));
        var metaMath = Assert.Throws<ConfigException>(() => TaskRegistry.Get("metamathqa").Read(_files.Folder, TaskSplit.Test));

        Assert.Contains("looked for test", missing.Message, StringComparison.Ordinal);
        Assert.Contains("hold a part", none.Message, StringComparison.Ordinal);
        Assert.Contains("no Test split", metaMath.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train.jsonl", TaskSplit.Train, 7473)]
    [InlineData("test.jsonl", TaskSplit.Test, 1319)]
    public void Gsm8k_RealFiles_EveryGoldAnswerIsFoundInItsOwnCompletion(string file, TaskSplit split, int count)
    {
        var folder = TestFiles.Shared("data/gsm8k");
        var task = TaskRegistry.Get("gsm8k");

        var samples = task.Read(folder, split);

        Assert.Equal(samples, task.Read(Path.Combine(folder, file), TaskSplit.Train));
        RequireFound(task, samples, count);
        Assert.DoesNotContain(
            samples,
            sample =>
                sample.Completion.Contains("<<", StringComparison.Ordinal) || sample.Completion.Contains('\n', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(TaskSplit.Train, 700)]
    [InlineData(TaskSplit.Test, 300)]
    public void Svamp_RealFile_EveryGoldAnswerIsFoundInItsOwnCompletion(TaskSplit split, int count)
    {
        var task = TaskRegistry.Get("svamp");

        var samples = task.Read(TestFiles.Shared("data/svamp"), split);

        RequireFound(task, samples, count);
        Assert.All(samples, sample => Assert.DoesNotContain('.', sample.Answer!));
    }

    private static void RequireFound(ITask task, IReadOnlyList<Sample> samples, int count)
    {
        Assert.Equal(count, samples.Count);
        Assert.All(samples, sample => Assert.Equal(sample.Answer, task.ExtractAnswer(sample.Completion)));
        Assert.All(samples, sample => Assert.False(string.IsNullOrEmpty(sample.Answer)));
    }

    private Sample One(string task, string file, object row, TaskSplit split = TaskSplit.Train)
    {
        _files.Write(file, JsonSerializer.Serialize(row));
        return Assert.Single(TaskRegistry.Get(task).Read(_files.Folder, split));
    }
}
