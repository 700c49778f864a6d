using System.Globalization;
using System.Numerics;
using System.Text;
using ResLora.Text.ChatTemplates.Jinja.Nodes;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>Makes the parts that operators stand between: values, and what follows them by points, brackets, bars and <c>is</c>.</summary>
/// <param name="stream">The tokens.</param>
/// <param name="names">Collects the names that are used.</param>
/// <param name="expressions">Makes what stands inside of brackets.</param>
internal sealed class PrimaryParser(TokenStream stream, UsedNames names, ExpressionParser expressions)
{
    /// <summary>A name, a literal, or something in brackets.</summary>
    public Expression One()
    {
        var token = stream.Current;
        switch (token)
        {
            case { Kind: TokenKind.Name }:
                stream.Take();
                return Named(token);
            case { Kind: TokenKind.Quoted }:
                return new LiteralExpression(QuotedTexts(), token.Place);
            case { Kind: TokenKind.Integer }:
                stream.Take();
                return new LiteralExpression(Numbers.Checked(Numbers.ParseWhole(token.Text, 0)
                    ?? throw new JinjaError($"the number {token.Text} is too long", token.Place)), token.Place);
            case { Kind: TokenKind.Float }:
                stream.Take();
                return new LiteralExpression(double.Parse(token.Text.Replace("_", "", StringComparison.Ordinal),
                    CultureInfo.InvariantCulture), token.Place);
            case var _ when stream.Skip("("):
                return Parenthesis(token.Place);
            case var _ when stream.Skip("["):
                return new ListExpression(Items("]", () => expressions.One()), isTuple: false, token.Place);
            case var _ when stream.Skip("{"):
                return new DictExpression(Items("}", Entry), token.Place);
            default:
                throw stream.Unexpected("an expression");
        }
    }

    /// <summary>Points, brackets and calls behind a value.</summary>
    public Expression Members(Expression value)
    {
        while (true)
        {
            var token = stream.Current;
            if (stream.Skip("."))
            {
                value = Dotted(value, token.Place);
            }
            else if (stream.Skip("["))
            {
                value = new MemberExpression(value, Subscript(token.Place), token.Place);
            }
            else if (token.Is("("))
            {
                value = new CallExpression(value, Call(), token.Place);
            }
            else
            {
                return value;
            }
        }
    }

    /// <summary>Filters and tests behind a value, and calls of what they give.</summary>
    /// <param name="value">The value.</param>
    /// <param name="startsWithBar">Whether the first filter has its bar, as everywhere but in blocks.</param>
    public Expression Filters(Expression value, bool startsWithBar)
    {
        if (!startsWithBar)
        {
            value = Filter(value);
        }

        while (true)
        {
            var token = stream.Current;
            if (stream.Skip("|"))
            {
                value = Filter(value);
            }
            else if (startsWithBar && stream.SkipWord("is"))
            {
                value = Test(value, token.Place);
            }
            else if (startsWithBar && token.Is("("))
            {
                value = new CallExpression(value, Call(), token.Place);
            }
            else
            {
                return value;
            }
        }
    }

    /// <summary>What stands between the parentheses of a call, and those.</summary>
    public Arguments Call()
    {
        stream.Expect("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? rest = null;
        Expression? namedRest = null;
        while (!stream.Skip(")"))
        {
            var token = stream.Current;
            if (stream.Skip("**"))
            {
                namedRest = namedRest is null ? expressions.One() : throw Misplaced(token);
            }
            else if (stream.Skip("*"))
            {
                rest = rest is null && namedRest is null ? expressions.One() : throw Misplaced(token);
            }
            else if (token.Kind == TokenKind.Name && stream.Following.Is("="))
            {
                stream.Take();
                stream.Take();
                named.Add((token.Text, namedRest is null ? expressions.One() : throw Misplaced(token)));
            }
            else
            {
                positional.Add(named.Count == 0 && rest is null && namedRest is null ? expressions.One() : throw Misplaced(token));
            }

            if (!stream.Current.Is(")"))
            {
                stream.Expect(",");
            }
        }

        return new Arguments(positional, named, rest, namedRest);
    }

    private static JinjaError Misplaced(Token token) =>
        new($"{token.Shown} stands at the wrong place among the arguments of this call", token.Place);

    private Expression Named(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True":
                return new LiteralExpression(true, token.Place);
            case "false" or "False":
                return new LiteralExpression(false, token.Place);
            case "none" or "None":
                return new LiteralExpression(NoneValue.Instance, token.Place);
            default:
                names.Add(token.Text);
                return new NameExpression(token.Text, token.Place);
        }
    }

    private string QuotedTexts()
    {
        var text = new StringBuilder();
        while (stream.Current.Kind == TokenKind.Quoted)
        {
            text.Append(stream.Take().Text);
        }

        return text.ToString();
    }

    private Expression Parenthesis(SourcePlace place)
    {
        if (stream.Skip(")"))
        {
            return new ListExpression([], isTuple: true, place);
        }

        var value = expressions.Tuple();
        stream.Expect(")");
        return value;
    }

    private List<T> Items<T>(string end, Func<T> one)
    {
        List<T> items = [];
        while (!stream.Skip(end))
        {
            if (items.Count > 0)
            {
                stream.Expect(",");
                if (stream.Skip(end))
                {
                    break;
                }
            }

            items.Add(one());
        }

        return items;
    }

    private (Expression, Expression) Entry()
    {
        var key = expressions.One();
        stream.Expect(":");
        return (key, expressions.One());
    }

    private Expression Dotted(Expression value, SourcePlace place)
    {
        var token = stream.Take();
        return token.Kind switch
        {
            TokenKind.Name => new AttributeExpression(value, token.Text, place),
            TokenKind.Integer => new MemberExpression(
                value, new LiteralExpression((BigInteger)(Numbers.ParseWhole(token.Text, 0) ?? 0), token.Place), place),
            _ => throw new JinjaError($"found {token.Shown}, expected a name or a number behind the point", token.Place),
        };
    }

    private Expression Subscript(SourcePlace place)
    {
        List<Expression> parts = [];
        while (!stream.Skip("]"))
        {
            if (parts.Count > 0)
            {
                stream.Expect(",");
            }

            parts.Add(SliceOrKey());
        }

        return parts switch
        {
            [] => throw new JinjaError("there is nothing between the brackets", place),
            [var only] => only,
            _ => new ListExpression(parts, isTuple: true, place),
        };
    }

    private Expression SliceOrKey()
    {
        var place = stream.Current.Place;
        Expression? start = null;
        if (!stream.Current.Is(":"))
        {
            start = expressions.One();
            if (!stream.Current.Is(":"))
            {
                return start;
            }
        }

        stream.Expect(":");
        var stop = Bound();
        var step = stream.Skip(":") ? Bound() : null;
        return new SliceExpression(start, stop, step, place);

        Expression? Bound() => stream.Current.Is(":") || stream.Current.Is("]") || stream.Current.Is(",") ? null : expressions.One();
    }

    private FilterExpression Filter(Expression value)
    {
        var (name, place) = DottedName("a filter");
        names.AddFilter(name, place);
        return new FilterExpression(value, name, stream.Current.Is("(") ? Call() : Arguments.None, place);
    }

    private Expression Test(Expression value, SourcePlace place)
    {
        var isNegated = stream.SkipWord("not");
        var (name, _) = DottedName("a test");
        names.AddTest(name, place);
        var arguments = Arguments.None;
        if (stream.Current.Is("("))
        {
            arguments = Call();
        }
        else if (BeginsArgument(stream.Current))
        {
            arguments = Arguments.None with { Positional = [Members(One())] };
        }

        Expression test = new TestExpression(value, name, arguments, place);
        return isNegated ? new UnaryExpression("not", test, place) : test;
    }

    private static bool BeginsArgument(Token token) => token.IsWord("is")
        ? throw new JinjaError("tests with 'is' cannot be chained", token.Place)
        : token.Kind is TokenKind.Name or TokenKind.Quoted or TokenKind.Integer or TokenKind.Float && !token.IsWord("else", "or", "and")
            || token.Is("[") || token.Is("{");

    private (string Name, SourcePlace Place) DottedName(string wanted)
    {
        var token = stream.Expect(TokenKind.Name, wanted);
        var name = token.Text;
        while (stream.Skip("."))
        {
            name += "." + stream.Expect(TokenKind.Name, "a name").Text;
        }

        return (name, token.Place);
    }
}
