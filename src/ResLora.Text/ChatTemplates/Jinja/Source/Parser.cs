using ResLora.Formats.Errors;
using ResLora.Text.ChatTemplates.Jinja.Nodes;

namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>Makes a template from its text.</summary>
internal sealed class Parser
{
    private static readonly string[] _refused = ["include", "import", "from", "extends", "block", "autoescape", "do", "trans", "debug"];

    private readonly TokenStream _stream;
    private readonly UsedNames _names = new();
    private readonly ExpressionParser _expressions;
    private readonly TargetParser _targets;
    private readonly Dictionary<string, Func<SourcePlace, Statement>> _tags;

    // How many loops a statement stands in; macros and captured blocks begin anew.
    private int _loops;

    private Parser(string source)
    {
        _stream = new TokenStream(Lexer.Tokens(source));
        _expressions = new ExpressionParser(_stream, _names);
        _targets = new TargetParser(_stream);
        _tags = new(StringComparer.Ordinal)
        {
            ["for"] = For,
            ["if"] = If,
            ["set"] = Set,
            ["macro"] = Macro,
            ["call"] = Call,
            ["filter"] = Filter,
            ["with"] = With,
            ["generation"] = Generation,
            ["break"] = place => LoopControl(Flow.Break, place),
            ["continue"] = place => LoopControl(Flow.Continue, place),
        };
    }

    /// <summary>Makes a template.</summary>
    /// <exception cref="JinjaError">It breaks the rules of the language, or uses what is not supported; tells the place.</exception>
    public static BlockStatement Parse(string source)
    {
        var parser = new Parser(source);
        var (body, _) = parser.Body();
        parser._names.Require();
        return body;
    }

    // Statements up to a tag with one of the words, which is taken; without words, up to the end of the template.
    private (BlockStatement Body, string End) Body(params string[] ends)
    {
        Rendering.RequireStack();
        var place = _stream.Current.Place;
        List<Statement> statements = [];
        while (true)
        {
            var token = _stream.Take();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    statements.Add(new TextStatement(token.Text, token.Place));
                    break;
                case TokenKind.VariableBegin:
                    statements.Add(new OutputStatement(_expressions.Tuple(), token.Place));
                    _stream.Expect(TokenKind.VariableEnd, "the end of the tag");
                    break;
                case TokenKind.BlockBegin when _stream.Current.IsWord(ends):
                    return (new BlockStatement(statements, place), _stream.Take().Text);
                case TokenKind.BlockBegin:
                    statements.Add(One(ends));
                    break;
                default:
                    return ends.Length == 0 ? (new BlockStatement(statements, place), "")
                        : throw new JinjaError($"the template ends and a tag '{string.Join("' or '", ends)}' is missing", token.Place);
            }
        }
    }

    private Statement One(string[] ends)
    {
        var word = _stream.Expect(TokenKind.Name, "the name of a tag");
        if (_tags.TryGetValue(word.Text, out var parse))
        {
            var statement = parse(word.Place);
            _stream.Expect(TokenKind.BlockEnd, "the end of the tag");
            return statement;
        }

        throw new JinjaError(Array.IndexOf(_refused, word.Text) >= 0 ? $"the tag '{word.Text}' of Jinja is not supported in chat templates"
            : word.Text.StartsWith("end", StringComparison.Ordinal) || word.Text is "else" or "elif"
                ? $"the tag '{word.Text}' has nothing to end here{(ends.Length > 0 ? $"; '{string.Join("' or '",
                    ends)}' is expected" : "")}"
            : $"there is no tag '{word.Text}'.{NearestName.Suggestion(word.Text, _tags.Keys)}", word.Place);
    }

    private BlockStatement BodyBehindTag(params string[] ends)
    {
        _stream.Expect(TokenKind.BlockEnd, "the end of the tag");
        return Body(ends).Body;
    }

    private ForStatement For(SourcePlace place)
    {
        var target = _targets.Loop();
        if (!_stream.SkipWord("in"))
        {
            throw _stream.Unexpected("'in'");
        }

        var values = _expressions.Tuple(withCondition: false, endWord: "recursive");
        var test = _stream.SkipWord("if") ? _expressions.One() : null;
        var isRecursive = _stream.SkipWord("recursive");
        _stream.Expect(TokenKind.BlockEnd, "the end of the tag");
        _loops++;
        var (body, end) = Body("endfor", "else");
        _loops--;
        return new ForStatement(target, values, test, body, end == "else" ? BodyBehindTag("endfor") : null, isRecursive, place);
    }

    private IfStatement If(SourcePlace place)
    {
        var mark = _names.Mark();
        List<(Expression, BlockStatement)> branches = [];
        BlockStatement? otherwise = null;
        for (var end = "if"; end is "if" or "elif";)
        {
            var test = _expressions.Tuple(withCondition: false);
            _stream.Expect(TokenKind.BlockEnd, "the end of the tag");
            (var body, end) = Body("elif", "else", "endif");
            branches.Add((test, body));
            otherwise = end == "else" ? BodyBehindTag("endif") : null;
        }

        _names.Forgive(mark);
        return new IfStatement(branches, otherwise, place);
    }

    private SetStatement Set(SourcePlace place)
    {
        var target = _targets.Assignment();
        if (_stream.Skip("="))
        {
            return new SetStatement(target, _expressions.Tuple(), place);
        }

        var filtered = new Wrapped();
        var hasFilter = _stream.Skip("|");
        var filters = hasFilter ? _expressions.Filters(filtered, startsWithBar: false) : filtered;
        filtered.Inner = new CapturedExpression(Apart(() => BodyBehindTag("endset")), place);
        return new SetStatement(target, filters, place);
    }

    private OutputStatement Filter(SourcePlace place)
    {
        var filtered = new Wrapped();
        var filters = _expressions.Filters(filtered, startsWithBar: false);
        filtered.Inner = new CapturedExpression(Apart(() => BodyBehindTag("endfilter")), place);
        return new OutputStatement(filters, place);
    }

    private MacroStatement Macro(SourcePlace place)
    {
        var name = _stream.Expect(TokenKind.Name, "the macro's name").Text;
        var (signature, body) = MacroBody(name, "endmacro");
        return new MacroStatement(signature, body, place);
    }

    private CallStatement Call(SourcePlace place)
    {
        var parameters = _stream.Current.Is("(") ? Parameters() : [];
        var call = _expressions.One() as CallExpression ?? throw new JinjaError("a 'call' block needs the call of a macro", place);
        var (signature, body) = MacroBody("caller", "endcall", parameters);
        return new CallStatement(call, signature, body, place);
    }

    private (MacroSignature Signature, BlockStatement Body) MacroBody(
        string name, string end, IReadOnlyList<(string Name, Expression? Default)>? parameters = null)
    {
        _names.EnterMacro();
        parameters ??= Parameters();
        var body = Apart(() => BodyBehindTag(end));
        var used = _names.LeaveMacro();
        var given = parameters.Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);
        return (new MacroSignature(name, parameters, Uses("varargs"), Uses("kwargs"), Uses("caller")), body);

        bool Uses(string special) => used.Contains(special) && !given.Contains(special);
    }

    private List<(string Name, Expression? Default)> Parameters()
    {
        List<(string Name, Expression? Default)> parameters = [];
        _stream.Expect("(");
        while (!_stream.Skip(")"))
        {
            if (parameters.Count > 0)
            {
                _stream.Expect(",");
            }

            var token = _stream.Expect(TokenKind.Name, "a parameter's name");
            var fallback = _stream.Skip("=") ? _expressions.One() : null;
            if (fallback is null && parameters is [.., (_, not null)])
            {
                throw new JinjaError($"the parameter '{token.Text}' has no default and stands behind one that has", token.Place);
            }

            parameters.Add((token.Text, fallback));
        }

        var twice = parameters.GroupBy(parameter => parameter.Name, StringComparer.Ordinal).FirstOrDefault(name => name.Count() > 1);
        return twice is null ? parameters : throw _stream.Unexpected($"each parameter once ('{twice.Key}' stands twice)");
    }

    private WithStatement With(SourcePlace place)
    {
        List<(Target, Expression)> variables = [];
        while (_stream.Current.Kind != TokenKind.BlockEnd)
        {
            if (variables.Count > 0)
            {
                _stream.Expect(",");
            }

            var target = _targets.Assignment();
            _stream.Expect("=");
            variables.Add((target, _expressions.One()));
        }

        return new WithStatement(variables, BodyBehindTag("endwith"), place);
    }

    private GenerationStatement Generation(SourcePlace place) => new(Apart(() => BodyBehindTag("endgeneration")), place);

    private LoopControlStatement LoopControl(Flow flow, SourcePlace place) =>
        _loops > 0 ? new LoopControlStatement(flow, place) : throw new JinjaError("'break' and 'continue' stand in loops only", place);

    private T Apart<T>(Func<T> parse)
    {
        (var outside, _loops) = (_loops, 0);
        var parsed = parse();
        _loops = outside;
        return parsed;
    }

    // What a block captures, which is read behind the filters that are applied to it.
    private sealed class Wrapped() : Expression(default)
    {
        public Expression? Inner { get; set; }

        protected override object Value(Frame frame) => Inner!.Evaluate(frame);
    }
}
